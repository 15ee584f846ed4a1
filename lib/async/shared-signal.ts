import { setMaxListeners } from 'node:events';

/** A signal that aborts with another one, for as long as it is not released. */
export interface SharedSignal {
  readonly signal: AbortSignal;
  /** To be called once, when nothing listens any longer. */
  release(): void;
}

interface Share {
  controller: AbortController;
  users: number;
  unfollow(): void;
}

const shares = new WeakMap<AbortSignal, Share>();

/**
 * Follows a signal of the user's by one listener, however many follow it. Node warns of eleven
 * listeners on one signal, though fifty sources on one are no leak. Leaves no listener behind once
 * all have released it.
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
