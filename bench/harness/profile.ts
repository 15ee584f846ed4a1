import type { Profiler, Runtime } from 'node:inspector';

/** Which share of a profile's busy time each package has to itself, by the scripts' addresses. */
export function selfTimeByOwner(profile: Profiler.Profile): Map<string, number> {
  const owners = new Map(profile.nodes.map(({ id, callFrame }) => [id, ownerOf(callFrame)]));
  const shares = new Map<string, number>();
  let busy = 0;
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const owner = owners.get(id);
    const spent = profile.timeDeltas?.[index] ?? 0;
    if (owner === undefined || owner === 'idle') continue;
    busy += spent;
    shares.set(owner, (shares.get(owner) ?? 0) + spent);
  }
  return new Map([...shares].map(([owner, spent]) => [owner, spent / busy]));
}

function ownerOf({ functionName, url }: Runtime.CallFrame): string {
  if (functionName === '(idle)') return 'idle';
  if (functionName === '(garbage collector)') return 'garbage collection';
  if (functionName === '(program)') return 'native code outside JavaScript (sockets, V8)';
  const inPackage = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (inPackage !== undefined) return inPackage;
  if (url.startsWith('node:'))
    return `Node.js: ${url.slice('node:'.length).split('/').slice(0, 2).join('/')}`;
  if (url.includes('/bench/dist/')) return 'the loop itself';
  if (url.startsWith('file:')) return 'stepfunc-source';
  return 'built-in functions';
}
