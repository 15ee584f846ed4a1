/** How a request reaches its origin: through a proxy, or directly. */
export interface Route {
  proxy: URL | undefined;
  /**
   * What a network error's message adds: the proxy, without its password, or that a proxy is set
   * but not used.
   */
  note: string;
}

/** The part of `process` that decides the route. */
export interface RouteSettings {
  env: Readonly<Record<string, string | undefined>>;
  /** The flags that Node was started with. */
  execArgv: readonly string[];
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * The environment's proxy for an origin, by Node's own convention: `HTTPS_PROXY` or `HTTP_PROXY`,
 * less what `NO_PROXY` lists, and only with `NODE_USE_ENV_PROXY=1` or `--use-env-proxy`. Names in
 * lower case come first.
 *
 * @throws an Error if the proxy that is to be used is not an http or https URL
 */
export function routeTo(origin: string, { env, execArgv }: RouteSettings = process): Route {
  const { protocol, hostname, port } = new URL(origin);
  const names = protocol === 'https:' ? HTTPS_NAMES : HTTP_NAMES;
  const name = names.find((key) => isSet(env[key]));
  const direct = { proxy: undefined, note: '' };
  if (name === undefined) return direct;
  if (!isEnabled(env, execArgv)) {
    return { proxy: undefined, note: `${name} is set but not used, without NODE_USE_ENV_PROXY=1` };
  }
  const noProxy = env['no_proxy'] ?? env['NO_PROXY'] ?? '';
  const to = { host: hostname, port: port === '' ? (DEFAULT_PORTS[protocol] ?? '') : port };
  if (noProxy.split(/[\s,]+/).some((entry) => bypasses(entry.toLowerCase(), to))) {
    return { proxy: undefined, note: `not through the proxy of ${name}, by NO_PROXY` };
  }
  const proxy = parseProxy(name, env[name] ?? '');
  return { proxy, note: `through the proxy ${proxy.protocol}//${proxy.host} of ${name}` };
}

const HTTP_NAMES = ['http_proxy', 'HTTP_PROXY'];
/** Without a proxy for https, the proxy for http counts, as in Node's fetch. */
const HTTPS_NAMES = ['https_proxy', 'HTTPS_PROXY', ...HTTP_NAMES];

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function isEnabled(env: RouteSettings['env'], execArgv: readonly string[]): boolean {
  const flags = [...execArgv, ...(env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  return env['NODE_USE_ENV_PROXY'] === '1' || flags.includes('--use-env-proxy');
}

/** Whether an entry of NO_PROXY is this host: `*`, a host, a domain, an address or a range of them. */
function bypasses(entry: string, { host, port }: { host: string; port: string }): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  const range = /^([\d.]+)-([\d.]+)$/.exec(entry);
  if (range !== null) return isBetween(host, range[1] ?? '', range[2] ?? '');
  const [, name = '', onPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (onPort !== undefined && onPort !== port) return false;
  const domain = name.replace(/^\*?\./, '');
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

function isBetween(host: string, first: string, last: string): boolean {
  const [at, from, to] = [host, first, last].map(ipv4Number);
  return at !== undefined && from !== undefined && to !== undefined && from <= at && at <= to;
}

function ipv4Number(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  const isAddress = parts.length === 4 && parts.every((n) => Number.isInteger(n) && n <= 255);
  return isAddress ? parts.reduce((sum, part) => sum * 256 + part, 0) : undefined;
}

function parseProxy(name: string, value: string): URL {
  // Many people write `host:port`. The URL parser would take the host for a scheme.
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    // Without the value, which may have a password.
    throw new Error(`${name}: expected an http or https URL of a proxy, as http://host:3128`);
  }
  return parsed;
}
