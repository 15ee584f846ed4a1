import type { ServerResponse } from 'node:http';
import { createStepFuncSource } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { pointSdkAt } from '../support/integration/aws-environment.js';
import { echo, startComponent } from '../support/integration/component.js';
import { until } from '../support/integration/until.js';

const activityArn = 'arn:aws:states:us-east-1:123456789012:activity:sum';

interface Report {
  operation: string | undefined;
  taskToken: string;
  output?: string;
  error?: string;
}

/** A Step Functions whose polls answer with these bytes, one after the other, and then hold for ever. */
async function startSfn(answers: (string | Buffer)[]) {
  const reports: Report[] = [];
  const left = [...answers];
  const sfn = await startComponent(({ headers, body }, response) => {
    const operation = String(headers['x-amz-target']).split('.')[1];
    if (operation === 'GetActivityTask') {
      const answer = left.shift();
      if (answer !== undefined) reply(response, answer);
      return;
    }
    reports.push({ ...(JSON.parse(body) as Report), operation });
    reply(response, '{}');
  });
  return { ...sfn, reports };
}

function reply(response: ServerResponse, body: string | Buffer): void {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
}

/** What a source makes of these polls, the last of which brings the token `good`, by the default clients and a component that echoes. */
async function outcomeOf(
  answers: (string | Buffer)[],
): Promise<{ bodies: string[]; reports: Report[]; pollsFailed: number }> {
  await using sfn = await startSfn(answers);
  const { reports } = sfn;
  await using component = await startComponent(echo);
  pointSdkAt(sfn.url);
  onTestFinished(() => void vi.unstubAllEnvs());
  const config = { activityName: 'sum', path: '/', activityArn };
  const source = createStepFuncSource(config, httpInvoke(component.url));
  await source.start();
  await until(() => {
    expect(reports.at(-1)?.taskToken).toBe('good');
    expect(source.status().pollers).toMatchObject([{ openPolls: 1, tasks: 0 }]);
  });
  await source.stop({ graceMs: 0 });
  const { pollsFailed } = source.status();
  return { bodies: component.requests.map(({ body }) => body), reports, pollsFailed };
}

const good = JSON.stringify({ taskToken: 'good', input: '"good"' });
const goodReport = { operation: 'SendTaskSuccess', taskToken: 'good', output: '"good"' };

describe('a task input', () => {
  const input = (text: string) => JSON.stringify({ taskToken: 'token', input: text });

  it.each<[string, string | Buffer, string]>([
    [
      'of 262,144 bytes of UTF-8',
      input(JSON.stringify('ü😀'.repeat(43_690))),
      JSON.stringify('ü😀'.repeat(43_690)),
    ],
    ['that would pollute', input('{"__proto__":{"polluted":1}}'), '{"__proto__":{"polluted":1}}'],
    ['as deep as it can be', input('['.repeat(131_072)), '['.repeat(131_072)],
    ['with half a surrogate pair', input('"\ud83d"'), '"\ufffd"'],
    ['with half a pair, escaped', input('"\\ud83d"'), '"\\ud83d"'],
    [
      'that is not UTF-8',
      Buffer.concat([
        Buffer.from('{"taskToken":"token","input":"\\"'),
        Buffer.from([0xff, 0xc0, 0x80]),
        Buffer.from('\\""}'),
      ]),
      '"\ufffd\ufffd\ufffd"',
    ],
    [
      'that is not JSON',
      input('\u0000\r\nHTTP/1.1 200 OK\r\n\r\n'),
      '\u0000\r\nHTTP/1.1 200 OK\r\n\r\n',
    ],
    ['that is empty', input(''), ''],
    ['that is absent', '{"taskToken":"token"}', ''],
    ['that is no string', '{"taskToken":"token","input":{"a":1}}', ''],
    [
      'beside a foreign prototype',
      '{"__proto__":{"taskToken":"no"},"taskToken":"token","input":"1"}',
      '1',
    ],
  ])(
    'T1: %s reaches the component as it can, and the task is reported once',
    async (_, answer, body) => {
      const { bodies, reports } = await outcomeOf([answer, good]);
      expect(bodies).toEqual([body, '"good"']);
      expect(reports).toHaveLength(2);
      expect(reports[0]).toMatchObject({ taskToken: 'token' });
      expect(reports[1]).toEqual(goodReport);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
  );
});

describe('a poll that is answered with', () => {
  it.each<[string, string | Buffer]>([
    ['a token that is a number', '{"taskToken":5,"input":"1"}'],
    ['a token that is an object', '{"taskToken":{"toString":1},"input":"1"}'],
    ['a token of a prototype', '{"__proto__":{"taskToken":"evil","input":"1"}}'],
    ['null', 'null'],
    ['an array', '[{"taskToken":"evil","input":"1"}]'],
    ['a string', '"taskToken"'],
    ['nothing', ''],
    ['no JSON', '{"taskToken":"evil"'],
  ])('%s brings no task, and polling goes on', async (_, answer) => {
    const { bodies, reports } = await outcomeOf([answer, good]);
    expect(bodies).toEqual(['"good"']);
    expect(reports).toEqual([goodReport]);
  });
});
