import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../docs/bundling.md', import.meta.url));

/**
 * Does what docs/bundling.md says, word for word, after `<!-- bundle: name -->`: writes the code blocks
 * that begin with their file's name, and runs the shell block. Then runs the bundle as that block's
 * last line does, in a folder that has nothing but `dist`.
 */
export async function bundle(project, name) {
  const blocks = blocksOf(name);
  for (const { language, code } of blocks) {
    const file = /^\/\/ (\S+)\n/.exec(code)?.[1];
    if (language === 'js' && file !== undefined) project.write(file, code);
  }
  const shell = blocks.find(({ language }) => language === 'sh')?.code.trimEnd();
  const [, build, start] = /^(.+)\n(node dist\/\S+)$/s.exec(shell) ?? [];
  if (start === undefined) {
    throw new Error(`docs/bundling.md: ${name} needs a block sh whose last line is node dist/…`);
  }
  await project.run('bash', ['-euc', build]);

  const empty = mkdtempSync(join(tmpdir(), 'bundle-'));
  try {
    cpSync(project.path('dist'), join(empty, 'dist'), { recursive: true });
    await project.run('bash', ['-euc', start], { cwd: empty });
  } finally {
    rmSync(empty, { recursive: true, force: true });
    rmSync(project.path('dist'), { recursive: true, force: true });
  }
}

function blocksOf(name) {
  const page = readFileSync(PAGE, 'utf8');
  const section = page.split(/^<!-- bundle: /m).find((part) => part.startsWith(`${name} -->`));
  if (section === undefined) throw new Error(`docs/bundling.md has no <!-- bundle: ${name} -->`);
  return [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, code]) => ({
    language,
    code,
  }));
}
