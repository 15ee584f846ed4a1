import { once } from 'node:events';
import { connect } from 'node:net';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import ts from 'typescript';
import type { TestContext } from 'vitest';
import { describe, expect, it } from 'vitest';
import { awsEnvironment } from '../../support/integration/aws-environment.js';
import { freePort } from '../../support/integration/free-port.js';
import { startNode } from '../../support/integration/process.js';
import type { Block } from '../pages.js';
import { addsUp } from './components.js';
import { writeProgram } from './folder.js';
import type { Run } from './run.js';
import { titleOf } from './run.js';
import { seen, six } from './scene.js';

/** An application of NestJS that is a component, and has the source that sends it tasks. */
export const nest: Run = {
  concurrent: true,
  register: (block) =>
    void describe.concurrent(titleOf(block, 'an application of NestJS'), () => {
      it('loses nothing at SIGTERM, amid a report and open polls', (context) =>
        losesNothing(block, context));

      it('fails tasks if the source is stopped by a signal of its own', (context) =>
        failsTasks(block, context, [
          [/\{ createStepFuncSource \}/, '{ createStepFuncSource, terminationSignal }'],
          [/this\.source\.start\(\)/, 'this.source.run(terminationSignal())'],
          [/await this\.source\.stop\(.*\);/, ''],
        ]));

      it('fails tasks if it waits for the stop in a later hook', (context) =>
        failsTasks(block, context, [
          [/async beforeApplicationShutdown/, 'async onApplicationShutdown'],
        ]));
    }),
};

async function losesNothing(block: Block, context: TestContext): Promise<void> {
  const { app, sfn, url, runTaskOfEachPoll } = await startApp(block, context);
  await addsUp(url);
  sfn.fault({ kind: 'latency', operation: 'SendTaskSuccess', ms: 2_000 });
  const first = sfn.runTask('sum', [1, 2, 3]);
  await seen(app, () => expect(sfn.calls('SendTaskSuccess')).toBe(1));

  app.terminate();
  await seen(app, () => expect(app.said().join('\n')).toContain('The source is stopping'));
  const others = await runTaskOfEachPoll();
  expect(others.length).toBeGreaterThan(0);
  expect([await first, ...others]).toEqual([six, ...others.map(() => six)]);
  // Nest ends the process by the signal that it got.
  expect(await app.ended).toEqual({ code: null, signal: 'SIGTERM', stderr: '' });
}

/** What the page warns of does happen: the component has gone while polls still bring tasks. */
async function failsTasks(
  block: Block,
  context: TestContext,
  changes: readonly (readonly [RegExp, string])[],
): Promise<void> {
  const code = changes.reduce((before, [from, to]) => {
    expect(before).toMatch(from);
    return before.replace(from, to);
  }, block.code);
  const { app, sfn, port, runTaskOfEachPoll } = await startApp({ ...block, code }, context);
  expect(await sfn.runTask('sum', [1, 2, 3])).toEqual(six);

  app.terminate();
  // By a connection for each try: a server that closes goes on with those that are in use.
  await seen(app, () => expect(connectTo(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' }));
  const outcomes = await runTaskOfEachPoll();
  expect(outcomes.length).toBeGreaterThan(0);
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'StepFuncSource.InvokeFailed' });
  }
}

async function startApp(block: Block, { onTestFinished }: TestContext) {
  // No poll comes back without a task before the test ends.
  const server = await startFakeSfnServer({ longPollMs: 120_000 });
  onTestFinished(() => server.close());
  const { sfn } = server;
  const file = await writeProgram(block, onTestFinished, asNestCompiles);
  const port = await freePort();
  const app = startNode([file], {
    env: {
      ...awsEnvironment(server.endpoint),
      PORT: String(port),
    },
  });
  onTestFinished(() => app.signal('SIGKILL'));
  await seen(app, () => expect(sfn.openPolls('sum')).toBe(1));
  return {
    app,
    sfn,
    port,
    url: `http://localhost:${port}`,
    /** As a stop waits for all polls, each gets a task; resolves to their outcomes. */
    runTaskOfEachPoll: () => {
      const polls = Array.from({ length: sfn.openPolls('sum') });
      return Promise.all(polls.map(() => sfn.runTask('sum', [1, 2, 3])));
    },
  };
}

async function connectTo(port: number): Promise<void> {
  const socket = connect(port);
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

/** With decorators and their types, by the compiler and the options of Nest's projects. */
function asNestCompiles(text: string): string {
  return ts.transpileModule(text, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  }).outputText;
}
