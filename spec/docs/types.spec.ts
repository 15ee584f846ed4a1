import { existsSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { parseConfig } from '../../lib/source/config.js';
import { ConfigError } from '../../lib/source/config-error.js';
import { ErrorName } from '../../lib/task/error-name.js';
import { codeIn, readPage, readPages, root } from './pages.js';

const pages = readPages();
const readme = readPage('README.md');
const reference = readPage('docs/reference.md');

/** The first cell's code of every row. */
const namesIn = (rows: readonly string[][]) => rows.flatMap(([first]) => codeIn(first));

describe('links', () => {
  it.each(pages.map((page) => [page.path, page] as const))('%s: lead somewhere', (_, page) => {
    const broken = page.links.filter((target) => !leadsSomewhere(page.path, target));
    expect(broken).toEqual([]);
  });

  function leadsSomewhere(from: string, target: string): boolean {
    if (target.startsWith('https:')) return true;
    const [file = '', anchor] = target.split('#');
    const path = file === '' ? from : normalize(join(dirname(from), file));
    if (!existsSync(join(root, path))) return false;
    return anchor === undefined || readPage(path).anchors.has(anchor);
  }

  it('lead from the README to every page that is in the package; it names the others', () => {
    const others = packageJson.files.filter((name) => name.startsWith('!docs/'));
    const repositoryOnly = ['CONTRIBUTING.md', ...others.map((name) => name.slice(1))];
    expect(codeIn(readme.text)).toEqual(expect.arrayContaining(repositoryOnly));
    const linked = readme.links.map((target) => target.replace(/#.*/, ''));
    const packed = pages.slice(1).filter(({ path }) => !repositoryOnly.includes(path));
    expect(linked).toEqual(expect.arrayContaining(packed.map(({ path }) => path)));
  });
});

describe('blocks of code', () => {
  it('are JSON where they say so', () => {
    const json = pages.flatMap(({ blocks }) =>
      blocks.filter(({ language }) => language === 'json'),
    );
    expect(json.length).toBeGreaterThan(3);
    for (const { code, where } of json) expect(() => void JSON.parse(code), where).not.toThrow();
  });

  it('run scripts that there are', () => {
    const commands = pages
      .flatMap(({ blocks }) => blocks.filter(({ language }) => language === 'sh'))
      .flatMap(({ code }) => [...code.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name));
    expect(commands).toContain('demo');
    expect(Object.keys(packageJson.scripts)).toEqual(expect.arrayContaining(commands));
  });
});

describe('the table of config', () => {
  const inFull = { withLocks: true, pathless: false };
  const rows = reference.table('Config');

  it("names the schema's keys, in its order", () => {
    expect(namesIn(rows)).toEqual(knownKeys());
  });

  it("has the schema's defaults", () => {
    const config: Record<string, unknown> = parseConfig({ activityName: 'a', path: '/' }, inFull);
    expect(rows.map(([key, listed]) => [codeIn(key)[0], listed])).toEqual(
      knownKeys().map((key) => [key, inWords(key, config[key])]),
    );
  });

  function inWords(key: string, value: unknown): string {
    if (key === 'activityName' || key === 'path') return 'required';
    if (value === `${hostname()}:${process.pid}`.slice(-80)) return 'host name and process id';
    if (value === undefined) return 'none';
    return typeof value === 'number'
      ? value.toLocaleString('en-US')
      : `\`${JSON.stringify(value).replaceAll('"', "'")}\``;
  }

  /** The schema lists them to whoever gives one that it does not know. */
  function knownKeys(): string[] {
    try {
      parseConfig({ activityName: 'a', path: '/', somethingElse: 1 }, inFull);
    } catch (error) {
      if (error instanceof ConfigError) {
        return /known keys are (.*)/.exec(error.message)?.[1]?.split(', ') ?? [];
      }
    }
    return [];
  }
});

describe('error names', () => {
  it('are those of the source in docs/reference.md', () => {
    const errorNames = [...Object.values(ErrorName), 'StepFuncSource.Http<status>'];
    expect(namesIn(reference.table('Error names')).sort()).toEqual(errorNames.sort());
  });

  it('are known wherever one is written', () => {
    const known = new Set<string>([...Object.values(ErrorName), 'StepFuncSource.Http']);
    const written = pages.flatMap(({ path, blocks }) =>
      blocks.flatMap(({ code }) =>
        [...code.matchAll(/StepFuncSource\.[A-Z]\w*/g)].map(([name]) => ({ path, name })),
      ),
    );
    expect(written.length).toBeGreaterThan(5);
    expect(written.filter(({ name }) => !known.has(name.replace(/\d+$/, '')))).toEqual([]);
  });
});

describe('lists of files and packages', () => {
  it('CONTRIBUTING.md names every room of lib', () => {
    const rooms = readdirSync(join(root, 'lib')).filter((name) => !name.endsWith('.ts'));
    expect(namesIn(readPage('CONTRIBUTING.md').table('Rooms')).sort()).toEqual(rooms.sort());
  });

  it('CONTRIBUTING.md names files that there are', () => {
    const named = readPage('CONTRIBUTING.md')
      .table('Where is what?')
      .flatMap(([, files]) => codeIn(files));
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it('docs/dependencies.md names every dependency and every peer', () => {
    const page = readPage('docs/dependencies.md');
    const { dependencies, peerDependencies } = packageJson;
    expect(namesIn(page.table(page.headings[0] ?? '')).sort()).toEqual(
      Object.keys(dependencies).sort(),
    );
    expect(namesIn(page.table('Optional')).sort()).toEqual(Object.keys(peerDependencies).sort());
  });
});
