import { basename } from 'node:path';
import type { Block } from './pages.js';
import { preambleOf } from './preamble.js';

const EXTENSIONS: Record<string, string> = { ts: 'mts', js: 'mjs' };

/** Whether there is something to compile and to run here. */
export function isCode({ language, elsewhere }: Block): boolean {
  return language in EXTENSIONS && !elsewhere;
}

/** A block as a file: it is compiled and run under the same name, with the same text. */
export function moduleOf(block: Block): { name: string; text: string } {
  const { page, line, language, code } = block;
  const isCommonJs = language === 'js' && code.includes('require(');
  const extension = isCommonJs ? 'cjs' : (EXTENSIONS[language] ?? '');
  return {
    name: `${basename(page, '.md')}-${line}.${extension}`,
    text: (language === 'ts' ? preambleOf(block) : '') + code,
  };
}
