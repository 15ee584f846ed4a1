/** Runs search.ts, compiled: `npm run simulate:search`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile } from './compile.mjs';

const folder = mkdtempSync(join(tmpdir(), 'simulation-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
process.setSourceMapsEnabled(true);
compile(folder);
await import(pathToFileURL(join(folder, 'spec/simulation/search.js')).href);
