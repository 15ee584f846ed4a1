import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { FakeSfn } from '../../../lib/testing/index.js';
import { startFakeSfnServer } from '../../../lib/testing/index.js';

/** What of the states language the demo's state machine makes use of. */
interface Machine {
  StartAt: string;
  States: Record<
    string,
    { Next?: string } & (
      { Type: 'Task'; Resource: string } | { Type: 'Map'; ItemProcessor: Machine }
    )
  >;
}

interface Outcome {
  status: string;
  output?: string;
  error?: string;
  cause?: string;
}

type Input = Record<string, string>;

/** As much of Step Functions as the demo asks of AWS: the test kit's server, and state machines. */
export interface StateMachines extends AsyncDisposable {
  endpoint: string;
  sfn: FakeSfn;
  /** Calls that the test kit does not know, oldest first. */
  calls: { operation: string; input: Input }[];
}

export async function startStateMachines(longPollMs: number): Promise<StateMachines> {
  const fake = await startFakeSfnServer({ longPollMs });
  const { sfn } = fake;
  const calls: StateMachines['calls'] = [];
  const executions: { outcome: Outcome; stop: AbortController }[] = [];
  let machine: Machine | undefined;

  const operations: Record<string, (input: Input) => object> = {
    CreateStateMachine({ name, definition = '' }) {
      machine = JSON.parse(definition) as Machine;
      return { stateMachineArn: `arn:aws:states:us-east-1:123456789012:stateMachine:${name}` };
    },
    StartExecution({ input = '' }) {
      if (machine === undefined) throw new Error('StartExecution without a state machine');
      const stop = new AbortController();
      const execution = { outcome: { status: 'RUNNING' }, stop };
      void runMachine(sfn, machine, input, stop.signal).then((outcome) => {
        execution.outcome = outcome;
      });
      return { executionArn: String(executions.push(execution) - 1), startDate: 0 };
    },
    DescribeExecution: ({ executionArn }) => executions[Number(executionArn)]?.outcome ?? {},
    StopExecution({ executionArn }) {
      executions[Number(executionArn)]?.stop.abort();
      return { stopDate: 0 };
    },
    DeleteStateMachine: () => ({}),
    DeleteActivity: () => ({}),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const operation = String(request.headers['x-amz-target']).replace('AWSStepFunctions.', '');
    const own = operations[operation];
    if (own !== undefined) {
      const input = JSON.parse(body) as Input;
      calls.push({ operation, input });
      response.end(JSON.stringify(own(input)));
      return;
    }
    const headers = ['x-amz-target', 'content-type', 'authorization'].map(
      (name) => [name, String(request.headers[name])] as [string, string],
    );
    const answered = await fetch(fake.endpoint, { method: 'POST', headers, body });
    response.writeHead(answered.status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(await answered.text());
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sfn,
    calls,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await fake.close();
    },
  };
}

async function runMachine(
  sfn: FakeSfn,
  { StartAt, States }: Machine,
  input: string,
  signal: AbortSignal,
): Promise<Outcome> {
  let output = input;
  for (let next: string | undefined = StartAt; next !== undefined;) {
    const state: Machine['States'][string] | undefined = States[next];
    if (state === undefined) throw new Error(`There is no state ${next}`);
    const outcome: Outcome =
      state.Type === 'Task'
        ? await sfn.runTask(state.Resource.split(':').at(-1) ?? '', output, { signal })
        : await runMap(sfn, state.ItemProcessor, output, signal);
    if (outcome.output === undefined) return outcome;
    output = outcome.output;
    next = state.Next;
  }
  return { status: 'SUCCEEDED', output };
}

async function runMap(
  sfn: FakeSfn,
  machine: Machine,
  input: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const items = JSON.parse(input) as unknown[];
  const outcomes = await Promise.all(
    items.map((item) => runMachine(sfn, machine, JSON.stringify(item), signal)),
  );
  const failed = outcomes.find(({ output }) => output === undefined);
  const outputs = outcomes.map(({ output }) => output);
  return failed ?? { status: 'SUCCEEDED', output: `[${outputs.join(',')}]` };
}
