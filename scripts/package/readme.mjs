import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

/** The code of README.md's example of that name: the fenced block after `<!-- example: name -->`. */
export function exampleOf(name) {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const code = new RegExp(
    `^<!-- example: ${name} -->\\s+^\`\`\`(?:js|ts)\\n(.*?)^\`\`\`$`,
    'ms',
  ).exec(readme)?.[1];
  if (code !== undefined) return code;
  throw new Error(
    `README.md has no code block, js or ts, right after a line <!-- example: ${name} -->`,
  );
}
