import { startFakeSfnServer } from 'stepfunc-source/testing';
import type { Outcome, StepFunctions } from './step-functions.js';

/** How long an open poll is held, and so how long a stop may take. AWS: 60 s. */
const LONG_POLL_MS = 2_000;

/** Step Functions without AWS: the test kit's server, on a port of this machine. */
export async function startLocal(): Promise<StepFunctions> {
  const { sfn, endpoint, close } = await startFakeSfnServer({ longPollMs: LONG_POLL_MS });
  pointSdkAt(endpoint);

  return {
    description: `a fake one on ${endpoint}`,
    activityNames: { split: 'split', sum: 'sum' },
    prepare: async () => undefined,
    async execute(input, signal): Promise<Outcome> {
      const split = await sfn.runTask('split', input, { signal });
      if (split.status !== 'SUCCEEDED') return split;
      const pieces = JSON.parse(split.output) as unknown[];
      const sums = await Promise.all(pieces.map((piece) => sfn.runTask('sum', piece, { signal })));
      const outputs = [];
      for (const sum of sums) {
        if (sum.status !== 'SUCCEEDED') return sum;
        outputs.push(sum.output);
      }
      return { status: 'SUCCEEDED', output: `[${outputs.join(',')}]` };
    },
    cleanUp: close,
  };
}

/** The sources make clients of their own, and the SDK finds its endpoint where it always does. */
function pointSdkAt(endpoint: string): void {
  delete process.env['AWS_PROFILE'];
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SFN: endpoint,
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'false',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'demo',
    AWS_SECRET_ACCESS_KEY: 'demo',
    // What the SDK has to say of Node's versions is not about this demo.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
}
