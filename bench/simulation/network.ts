import type { SfnClient } from '../../lib/index.js';

/**
 * The way of one instance to everything else. Cut off, nothing of it arrives any longer and nothing
 * comes back: for the rest of the world the instance has vanished, without a word.
 */
export interface Network {
  /** One round trip: `effect` takes place half-way. Never settles where the way was cut before its end. */
  roundTrip<T>(rttMs: number, effect: (gone: AbortSignal) => T | Promise<T>): Promise<T>;
  cut(): void;
}

export function createNetwork(): Network {
  let cut = false;
  const isCut = () => cut;
  const underWay = new Set<AbortController>();
  const never = new Promise<never>(() => undefined);

  return {
    async roundTrip(rttMs, effect) {
      await sleep(rttMs / 2);
      if (isCut()) return never;
      const gone = new AbortController();
      underWay.add(gone);
      try {
        const answer = await effect(gone.signal);
        await sleep(rttMs / 2);
        return isCut() ? await never : answer;
      } catch (error) {
        await sleep(rttMs / 2);
        if (isCut()) return await never;
        throw error;
      } finally {
        underWay.delete(gone);
      }
    },
    cut() {
      cut = true;
      for (const gone of underWay) gone.abort();
    },
  };
}

/** A client whose calls go over the network. Polls that are under way at a cut stay open at AWS. */
export function clientOver(network: Network, sfn: SfnClient, rttMs: number): SfnClient {
  return {
    send: (command, { abortSignal } = {}) =>
      network.roundTrip(rttMs, (gone) => {
        const both = new AbortController();
        const abort = () => both.abort();
        for (const signal of [gone, abortSignal]) signal?.addEventListener('abort', abort);
        if (abortSignal?.aborted === true) abort();
        return sfn.send(command, { abortSignal: both.signal }).finally(() => {
          for (const signal of [gone, abortSignal]) signal?.removeEventListener('abort', abort);
        });
      }),
  };
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
