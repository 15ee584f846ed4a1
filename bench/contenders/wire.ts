import { Agent } from 'undici';
import { arnOf } from '../harness/arn.js';
import type { Job } from './job.js';

/**
 * The least that a task can cost over HTTP here: three requests on undici, with the headers of a
 * signed call, all computed beforehand. AWS would take none of them.
 */
export function start(job: Job): Promise<() => Promise<void>> {
  const agent = new Agent({ headersTimeout: 75_000, bodyTimeout: 75_000 });
  const pollBody = JSON.stringify({ activityArn: arnOf(job.activityName), workerName: 'wire' });

  async function post(
    origin: string,
    path: string,
    headers: object,
    body: string,
  ): Promise<string> {
    const answer = await agent.request({
      origin,
      path,
      method: 'POST',
      headers: headers as Record<string, string>,
      body,
    });
    return answer.body.text();
  }

  async function loop(): Promise<never> {
    for (;;) {
      const answer = await post(job.endpoint, '/', signed('GetActivityTask'), pollBody);
      const { taskToken, input } = JSON.parse(answer) as { taskToken?: string; input?: string };
      if (!taskToken) continue;
      const output = await post(job.componentUrl, '/step/sum', plain, input ?? '');
      const report = JSON.stringify({ taskToken, output });
      await post(job.endpoint, '/', signed('SendTaskSuccess'), report);
    }
  }

  for (let slot = 0; slot < job.slots; slot += 1) void loop();
  return Promise.resolve(() => Promise.resolve());
}

const plain = { 'content-type': 'application/json' };
const headersOf = new Map<string, object>();

function signed(operation: string): object {
  let headers = headersOf.get(operation);
  if (headers === undefined) {
    headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AWSStepFunctions.${operation}`,
      'x-amz-date': '20260101T000000Z',
      'x-amz-content-sha256': '0'.repeat(64),
      'x-amz-user-agent': 'aws-sdk-js/3.0.0',
      'user-agent': 'aws-sdk-js/3.0.0 ua/2.1 os/linux lang/js md/nodejs api/sfn',
      'amz-sdk-invocation-id': 'f0f5a2a0-6f0a-4c0e-8f2a-6d3c1b2a9e77',
      'amz-sdk-request': 'attempt=1; max=3',
      authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/states/aws4_request, SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-target;x-amz-user-agent, Signature=${'0'.repeat(64)}`,
    };
    headersOf.set(operation, headers);
  }
  return headers;
}
