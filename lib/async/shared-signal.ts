import { setMaxListeners } from 'node:events';

/** A signal that aborts with another one, until it is released. */
export interface SharedSignal {
  readonly signal: AbortSignal;
  /** Call it once, when nothing listens any longer. */
  release(): void;
}

interface Share {
  controller: AbortController;
  users: number;
  unfollow(): void;
}

const shares = new WeakMap<AbortSignal, Share>();

/**
 * Follows a signal of the user's with a single listener, for any number of followers. Node warns of
 * more than ten listeners on one signal, though fifty sources on one signal are no leak. Removes
 * its listener when all have released it.
 */
export function shareSignal(followed: AbortSignal): SharedSignal {
  const share = shares.get(followed) ?? follow(followed);
  shares.set(followed, share);
  share.users += 1;
  return {
    signal: share.controller.signal,
    release() {
      share.users -= 1;
      if (share.users > 0) return;
      share.unfollow();
      shares.delete(followed);
    },
  };
}

function follow(followed: AbortSignal): Share {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const abort = () => controller.abort(followed.reason);
  if (followed.aborted) abort();
  followed.addEventListener('abort', abort);
  return { controller, users: 0, unfollow: () => followed.removeEventListener('abort', abort) };
}
