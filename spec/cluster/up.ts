import type { Cluster } from './cluster.js';
import { eventually } from './eventually.js';
import type { Instance } from './instances.js';
import type { Happening } from './trace.js';

/** An instance whose source is running. */
export async function standBy(cluster: Cluster): Promise<Instance> {
  const instance = await cluster.add();
  await instance.ready();
  instance.start();
  await isRunning(instance);
  return instance;
}

export function isRunning(instance: Instance): Promise<void> {
  return eventually(
    () => instance.running(),
    () => `${instance.name} does not start`,
  );
}

/** Resolves once it holds so many pollers. */
export function holds(instance: Instance, pollers: number): Promise<void> {
  return eventually(
    () => instance.pollers().length === pollers,
    () => `${instance.name} holds ${instance.pollers().length} pollers, not ${pollers}`,
  );
}

/** When something happened to an instance, at or after a moment; waits for it. */
export async function momentOf(
  { trace }: Cluster,
  instance: Instance,
  what: Happening['what'],
  after = -Infinity,
): Promise<number> {
  const find = () =>
    trace.happenings.find(
      (happening) =>
        happening.instance === instance.name && happening.what === what && happening.at >= after,
    );
  await eventually(
    () => find() !== undefined,
    () => `${instance.name} is not ${what}`,
  );
  return find()?.at ?? Number.NaN;
}
