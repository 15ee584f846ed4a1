import { vi } from 'vitest';

/** What points the SDK's clients to a fake, in this process or another: nothing in the code does. */
export function awsEnvironment(endpoint: string, region = 'us-east-1') {
  return {
    AWS_ENDPOINT_URL_SFN: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    // A profile of whoever runs the tests would have its say.
    AWS_PROFILE: undefined,
    // The SDK's own word on the Node version would be all that a test sees on stderr.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}

/** Points the default clients of this process to a fake, until `vi.unstubAllEnvs()`. */
export function pointSdkAt(endpoint: string, region?: string): void {
  for (const [name, value] of Object.entries(awsEnvironment(endpoint, region))) {
    vi.stubEnv(name, value);
  }
}
