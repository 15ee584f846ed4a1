/** Runs a program of this folder, compiled: `npm run simulate:search`, `npm run simulate`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile } from './compile.mjs';

const [program] = process.argv.splice(2, 1);
const folder = mkdtempSync(join(tmpdir(), 'simulation-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
process.setSourceMapsEnabled(true);
compile(folder);
await import(pathToFileURL(join(folder, `spec/simulation/${program}.js`)).href);
