import type { ServerOptions } from 'node:https';
import { dirname, join } from 'node:path';
import type { FakeSfn } from 'stepfunc-source/testing';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import type { TestContext } from 'vitest';
import { expect } from 'vitest';
import type { Block } from '../pages.js';
import { root } from '../pages.js';
import type { Places } from '../substitutions.js';
import { substitute } from '../substitutions.js';
import { sum } from '../sum.js';
import { compiledOf } from '../../support/compiled.js';
import { awsEnvironment } from '../../support/integration/aws-environment.js';
import type { Component, Handler } from '../../support/integration/component.js';
import { startComponent } from '../../support/integration/component.js';
import type { Process } from '../../support/integration/process.js';
import { startNode } from '../../support/integration/process.js';
import { startTap } from '../../support/integration/tap.js';
import { until } from '../../support/integration/until.js';
import { writeProgram } from './folder.js';

/** What a block is run amid. */
export interface Scene {
  sfn: FakeSfn;
  /** All that was sent to Step Functions. */
  sentToAws(): string;
  component: Component;
  /** Starts the block in a process, under its driver. */
  start(...args: string[]): Process;
  /** How a task for the example in that process ends; where that is by the example's end, that too. */
  runTask(example: Process, input?: unknown): Promise<object>;
}

export interface SceneOptions {
  /** Of spec/docs/drivers. Absent: the block runs by itself, exactly as it stands but for `places`. */
  driver?: string;
  /** Of the component. Default: adds up. */
  handler?: Handler;
  tls?: ServerOptions;
  places?: Places;
  /** Puts what else the block needs beside its file. */
  place?: (file: string) => Promise<void>;
  env?: NodeJS.ProcessEnv;
}

export async function setScene(
  block: Block,
  { onTestFinished }: TestContext,
  { driver, handler = adds, tls, places, place, env }: SceneOptions,
): Promise<Scene> {
  const server = await startFakeSfnServer({ longPollMs: 200 });
  onTestFinished(() => server.close());
  const aws = await startTap(server.port);
  onTestFinished(() => aws[Symbol.asyncDispose]());
  const component = await startComponent(handler, tls);
  onTestFinished(() => component[Symbol.asyncDispose]());

  const { url } = component;
  const file = await writeProgram(block, onTestFinished, (code) =>
    driver === undefined && places === undefined
      ? code
      : substitute(code, { component: url, app: url, ...places }),
  );
  await place?.(file);
  const program =
    driver === undefined ? [file] : [compiledOf(join(root, 'spec/docs/drivers', driver)), file];

  return {
    sfn: server.sfn,
    sentToAws: () => aws.sent().join(''),
    component,
    start(...args) {
      const example = startNode([...program, ...args], {
        cwd: dirname(file),
        env: {
          COMPONENT_URL: url,
          ...awsEnvironment(aws.endpoint),
          ...env,
        },
      });
      // One that does not end fails the test, and must not outlive it.
      onTestFinished(() => example.signal('SIGKILL'));
      return example;
    },
    async runTask(example, input = [1, 2, 3]) {
      const gaveUp = new AbortController();
      void example.ended.then(() => gaveUp.abort());
      const outcome = await server.sfn.runTask('sum', input, { signal: gaveUp.signal });
      return outcome.status === 'ABORTED' ? example.ended : outcome;
    },
  };
}

/** Waits for something that an example does, unless it ends before. */
export async function seen(example: Process, assertion: () => unknown): Promise<void> {
  let stderr: string | undefined;
  void example.ended.then((ended) => (stderr = ended.stderr));
  await until(() => stderr ?? assertion());
  if (stderr !== undefined) throw new Error(`The example ended: ${stderr}`);
}

/** Held by nothing, with nothing to complain of. */
export const well = { code: 0, signal: null, stderr: '' };

/** Ends so at SIGTERM. */
export async function endsWell(example: Process): Promise<void> {
  example.terminate();
  expect(await example.ended).toEqual(well);
}

export const six = { status: 'SUCCEEDED', output: '6' };

export const adds: Handler = ({ path, body }, response) => {
  if (path !== '/step/sum') return response.writeHead(404).end();
  const answer = sum(body);
  return response.writeHead(answer.status, answer.headers).end(answer.body);
};

/** A component that adds up once a spec lets it. */
export function holdAnswers() {
  const held: (() => void)[] = [];
  const handler: Handler = (request, response) => held.push(() => void adds(request, response));
  return {
    handler,
    count: () => held.length,
    answerAll: () => held.splice(0).forEach((answer) => answer()),
  };
}
