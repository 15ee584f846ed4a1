import { pipeline } from 'node:stream/promises';
import { createStepFuncSource } from 'stepfunc-source';
import type { Invoke } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import { FakeSfn } from 'stepfunc-source/testing';
import type { TaskOutcome } from 'stepfunc-source/testing';
import { describe, expect, it } from 'vitest';
import type { Component } from '../support/integration/component.js';
import { startComponent } from '../support/integration/component.js';
import { until } from '../support/integration/until.js';
import { peakOf } from '../support/integration/peak.js';

const TASKS = 20;
const MEGABYTE = 1024 * 1024;
const chunk = Buffer.alloc(64 * 1024, '7');

interface Flood extends Component {
  /** Bytes that the component got rid of, all answers together. */
  written(): number;
}

/** Answers with so many bytes, as fast as they are taken. */
async function startFlood(status: number, bytes: number, headers: object): Promise<Flood> {
  let written = 0;
  function* chunks() {
    for (let left = bytes; left > 0; left -= chunk.length) {
      yield chunk;
      written += chunk.length;
    }
  }
  const component = await startComponent((_, response) =>
    pipeline(chunks, response.writeHead(status, { ...headers })),
  );
  return { ...component, written: () => written };
}

async function runTasks(invoke: Invoke): Promise<TaskOutcome[]> {
  const sfn = new FakeSfn({ longPollMs: 10 });
  const slots = { maxConcurrency: TASKS, concurrencyPerPoller: TASKS };
  const config = { activityName: 'flood', path: '/', ...slots };
  await using source = createStepFuncSource(config, invoke, { client: sfn });
  await source.start();
  return await Promise.all(Array.from({ length: TASKS }, (_, i) => sfn.runTask('flood', i)));
}

const invokes: [string, (url: string) => Invoke][] = [
  ['httpInvoke', (url) => httpInvoke(url)],
  ['fetch', (url) => (request, signal) => fetch(url + request.path, { ...request, signal })],
];
const thirty = 30 * MEGABYTE;
const floods: [string, number, object][] = [
  ['30 MB', thirty, { 'content-length': thirty }],
  ['without end', Infinity, {}],
];

describe.each(invokes)('a component behind %s that answers', (_, invokeOf) => {
  it.each(floods)('%s costs neither memory nor time', async (_, bytes, headers) => {
    await using flood = await startFlood(200, bytes, headers);
    let outcomes: TaskOutcome[] = [];
    const peak = await peakOf(async () => (outcomes = await runTasks(invokeOf(flood.url))));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'FAILED', error: 'StepFuncSource.OutputTooLarge' });
    }
    await until(() => expect(flood.unanswered()).toBe(0));
    // What the sockets' buffers hold, and no 30 MB a task.
    expect(flood.written()).toBeLessThan(TASKS * 15 * MEGABYTE);
    expect(peak).toBeLessThan(TASKS * 5 * MEGABYTE);
  });

  it('T3: an error as long: its beginning is the cause', async () => {
    await using flood = await startFlood(500, Infinity, {});
    for (const outcome of await runTasks(invokeOf(flood.url))) {
      const error = 'StepFuncSource.Http500';
      expect(outcome).toEqual({ status: 'FAILED', error, cause: '7'.repeat(32_768) });
    }
    await until(() => expect(flood.unanswered()).toBe(0));
  });
});
