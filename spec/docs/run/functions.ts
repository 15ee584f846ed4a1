import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { readPage } from '../pages.js';
import type { Run } from './run.js';
import { beside } from './run.js';
import { endsWell, seen, setScene, six } from './scene.js';
import { source } from './sources.js';

/** An input that the schema refuses fails by the name and with the path that the page shows. */
export const withSchema: Run = source({
  act: async (scene, example) => {
    expect(await scene.runTask(example)).toEqual(six);
    expect(await scene.runTask(example, [1, 2, '3'])).toEqual({
      status: 'FAILED',
      error: 'StepFuncSource.InvalidInput',
      cause: shown('text').trim(),
    });
  },
});

/** Each of its lines names the task. */
export const tellsTask: Run = source({
  act: async (scene, example) => {
    expect(await scene.runTask(example)).toEqual(six);
    await seen(example, () => expect(example.said().join('\n')).toMatch(/^task \w+-\w+/m));
  },
});

/** A source whose tasks run in a thread, by the file that the page shows for it. */
export const inThread: Run = beside('a source with threads', async (block, context) => {
  const scene = await setScene(block, context, {
    driver: 'source.ts',
    place: async (file) => {
      await writeFile(join(dirname(file), 'sum-worker.mjs'), shown('js'));
    },
  });
  const example = scene.start();
  expect(await scene.runTask(example)).toEqual(six);
  await endsWell(example);
});

/** The thread's own file, which {@link inThread} runs. */
export const thread: Run = beside('run beside the block before it', ({ code }) => {
  expect(code).toBe(shown('js'));
});

/** The only block of that language that docs/functions.md has. */
function shown(language: string): string {
  const blocks = readPage('docs/functions.md').blocks.filter(
    (block) => block.language === language,
  );
  expect(blocks).toHaveLength(1);
  return blocks[0]?.code ?? '';
}
