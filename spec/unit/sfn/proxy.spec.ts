import { describe, expect, it } from 'vitest';
import { routeTo } from '../../../lib/sfn/proxy.js';

const aws = 'https://states.eu-west-1.amazonaws.com';

function route(env: Record<string, string>, origin = aws, execArgv: string[] = []) {
  const { proxy, note } = routeTo(origin, { env, execArgv });
  return [proxy?.href, note];
}

const on = { NODE_USE_ENV_PROXY: '1' };
const proxy = 'http://proxy:3128';

describe('routeTo', () => {
  it.each<[string, Record<string, string>, string?]>([
    ['HTTPS_PROXY', { ...on, HTTPS_PROXY: proxy }],
    ['https_proxy', { ...on, https_proxy: proxy }],
    ['https_proxy before HTTPS_PROXY', { ...on, https_proxy: proxy, HTTPS_PROXY: 'http://other' }],
    ['HTTP_PROXY for https too, if it is the only one', { ...on, HTTP_PROXY: proxy }],
    [
      'HTTP_PROXY for http',
      { ...on, HTTP_PROXY: proxy, HTTPS_PROXY: 'http://o' },
      'http://aws.test',
    ],
    ['a host and a port without a scheme', { ...on, HTTPS_PROXY: 'proxy:3128' }],
    ['an empty variable counts as none', { ...on, https_proxy: '', HTTPS_PROXY: proxy }],
  ])('goes through the proxy of %s', (_, env, origin) => {
    const [href, note] = route(env, origin);
    expect(href).toBe('http://proxy:3128/');
    expect(note).toMatch(/^through the proxy http:\/\/proxy:3128 of \w+$/);
  });

  it('is enabled by the flag of Node as well', () => {
    expect(route({ HTTPS_PROXY: proxy }, aws, ['--use-env-proxy'])[0]).toBeDefined();
    expect(route({ HTTPS_PROXY: proxy, NODE_OPTIONS: '-x --use-env-proxy' })[0]).toBeDefined();
  });

  it('goes straight without NODE_USE_ENV_PROXY, and says so', () => {
    expect(route({ HTTPS_PROXY: proxy })).toEqual([
      undefined,
      'HTTPS_PROXY is set but not used, without NODE_USE_ENV_PROXY=1',
    ]);
    expect(route({ HTTPS_PROXY: proxy, NODE_USE_ENV_PROXY: '0' })[0]).toBeUndefined();
    expect(route(on)).toEqual([undefined, '']);
    expect(route({ ...on, HTTPS_PROXY: proxy }, 'http://aws.test')).toEqual([undefined, '']);
  });

  it.each<[string, string, boolean]>([
    ['*', aws, true],
    ['states.eu-west-1.amazonaws.com', aws, true],
    ['a.test, .amazonaws.com', aws, true],
    ['*.amazonaws.com', aws, true],
    ['amazonaws.com', aws, true],
    ['AMAZONAWS.COM', aws, true],
    ['zonaws.com', aws, false],
    ['amazonaws.com:443', aws, true],
    ['amazonaws.com:8443', aws, false],
    ['localhost', 'https://localhost:4566', true],
    ['localhost:4566', 'https://localhost:4566', true],
    ['127.0.0.1', 'https://127.0.0.1:1', true],
    ['10.0.0.1-10.0.1.255', 'https://10.0.1.7', true],
    ['10.0.0.1-10.0.1.255', 'https://10.0.2.0', false],
    ['10.0.0.1-10.0.1.255', aws, false],
    ['[::1]', 'https://[::1]:4566', true],
    ['', aws, false],
  ])('NO_PROXY=%s: %s goes straight: %s', (noProxy, origin, straight) => {
    const [href, note] = route({ ...on, HTTPS_PROXY: proxy, NO_PROXY: noProxy }, origin);
    expect(href === undefined).toBe(straight);
    if (straight) expect(note).toBe('not through the proxy of HTTPS_PROXY, by NO_PROXY');
    expect(route({ ...on, HTTPS_PROXY: proxy, no_proxy: noProxy }, origin)[0]).toBe(href);
  });

  it('keeps user and password for the proxy, and out of the note', () => {
    const { proxy: url, note } = routeTo(aws, {
      env: { ...on, HTTPS_PROXY: 'http://worker:hunter2@proxy:3128' },
      execArgv: [],
    });
    expect(url?.password).toBe('hunter2');
    expect(note).not.toMatch(/worker|hunter2/);
  });

  it.each(['socks5://worker:hunter2@proxy', 'http://worker:hunter2@:port:', 'file:///etc'])(
    'refuses %s without repeating it',
    (value) => {
      expect(() => route({ ...on, HTTPS_PROXY: value })).toThrow(
        /^HTTPS_PROXY: expected an http or https URL of a proxy, as http:\/\/host:3128$/,
      );
    },
  );
});
