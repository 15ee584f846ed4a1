import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { networkError } from '../../../lib/sfn/network-error.js';

const aws = 'https://states.eu-west-1.amazonaws.com';
const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

beforeEach(() => {
  for (const name of [...proxies, 'NODE_USE_ENV_PROXY', 'NODE_OPTIONS']) {
    vi.stubEnv(name, undefined);
  }
});
afterEach(() => void vi.unstubAllEnvs());

const withCode = (code: string, message = code) => Object.assign(new Error(message), { code });

describe('networkError', () => {
  it.each([
    ['UND_ERR_CONNECT_TIMEOUT', 'TimeoutError'],
    ['UND_ERR_HEADERS_TIMEOUT', 'TimeoutError'],
    ['UND_ERR_BODY_TIMEOUT', 'TimeoutError'],
    ['UND_ERR_SOCKET', 'RequestTimeout'],
    ['ECONNRESET', 'Error'],
    ['ENOTFOUND', 'Error'],
  ])('%s gets the name %s, by which the SDK retries or not', (code, name) => {
    const error = withCode(code, 'the words');
    expect(networkError(error, aws)).toBe(error);
    expect(error).toMatchObject({ name, message: 'the words', code });
  });

  it("S2: a proxy's refusal is no abort, though undici calls it so", () => {
    const refusal = Object.assign(new Error('Proxy response (407)'), { name: 'AbortError' });
    expect(networkError(refusal, aws).name).toBe('ProxyError');
  });

  describe('with a proxy in the environment', () => {
    beforeEach(() => {
      vi.stubEnv('NODE_USE_ENV_PROXY', '1');
      vi.stubEnv('HTTPS_PROXY', 'http://worker:hunter2@proxy:3128');
    });
    const note = '(through the proxy http://proxy:3128 of HTTPS_PROXY)';

    it('names it, without its password', () => {
      expect(networkError(new Error('reset'), aws).message).toBe(`reset ${note}`);
    });

    it('names it once, though each attempt ends in the same error', () => {
      const error = new Error('reset');
      networkError(error, aws);
      expect(networkError(error, aws).message).toBe(`reset ${note}`);
    });

    it('gives words to the error of several addresses, which has none', () => {
      const error = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' });
      expect(networkError(error, aws).message).toBe(`ECONNREFUSED ${note}`);
    });

    it('says that a proxy is set but not used', () => {
      vi.stubEnv('NODE_USE_ENV_PROXY', undefined);
      expect(networkError(new Error('reset'), aws).message).toBe(
        'reset (HTTPS_PROXY is set but not used, without NODE_USE_ENV_PROXY=1)',
      );
    });

    it('leaves the words alone if the proxy is no URL: the error says so itself', () => {
      vi.stubEnv('HTTPS_PROXY', 'socks5://proxy');
      expect(networkError(new Error('HTTPS_PROXY: expected …'), aws).message).toBe(
        'HTTPS_PROXY: expected …',
      );
    });
  });
});
