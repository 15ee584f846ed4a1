import type { Incoming, Machine } from '../engine/machine.js';
import type { Random } from '../engine/random.js';
import type { Universe } from '../engine/universe.js';

/**
 * What a way may do for a while.
 *
 * - `refuses`: connections are refused, at once
 * - `silent`: nothing arrives; short of 15 s it arrives late, as TCP sends it again, or never
 * - `losesRequests`, `losesResponses`: some never arrive, and no error follows (half-open)
 * - `resets`: connections break, those that are open too, whatever has arrived before
 * - `slow`: every way takes seconds
 * - `narrow`: 20 kB a second
 * - `delayed`: every way takes up to a second
 */
export const weathers = [
  'refuses',
  'silent',
  'losesRequests',
  'losesResponses',
  'resets',
  'slow',
  'narrow',
] as const;
/** `delayed` is not drawn: it has its use with lock stores only. */
export type Weather = (typeof weathers)[number] | 'delayed';

export type Service = 'aws' | 'store' | 'component';

/** What comes back, and with what: it runs in the process that reads it. */
export type Settle = () => void;

/** The server's side of a call. Returns what to do when it hears that the caller has gone. */
export type Serve = (reply: (settle: Settle, bytes?: number) => void) => (() => void) | undefined;

export interface Call {
  /** Ends it from the caller's side. Returns the response that had arrived unread, if one had. */
  abort(): Incoming | undefined;
}

export interface Link {
  setWeather(weather: Weather | undefined, until: number): void;
  /** `fail` runs in the process when the connection breaks. */
  call(bytes: number, serve: Serve, fail: (error: Error) => void): Call;
  /** The process has died: servers hear of it, unless the way is silent. */
  cut(): void;
  /** Calls that have neither been answered nor ended. */
  open(): number;
}

const FAST_BYTES_PER_MS = 10_000;
const NARROW_BYTES_PER_MS = 20;

/** The way from one process to one service. `usualMs`: it always takes so long, unless disturbed. */
export function createLink(
  universe: Universe,
  machine: Machine,
  service: Service,
  random: Random,
  usualMs?: number,
): Link {
  let weather: Weather | undefined;
  let weatherUntil = 0;
  const baseMs = usualMs ?? random.between(0.3, 20);
  const open = new Set<{ breakOff(code: string): void; hangUp(): void }>();

  const weatherAt = (at: number) => (at < weatherUntil ? weather : undefined);

  /** How long a way takes; Infinity if what goes on it is lost. */
  function wayMs(at: number, bytes: number, direction: 'losesRequests' | 'losesResponses'): number {
    const now = weatherAt(at);
    const speed = now === 'narrow' ? NARROW_BYTES_PER_MS : FAST_BYTES_PER_MS;
    const usual = (usualMs ?? randomWayMs()) + bytes / speed;
    if (now === 'delayed') return usual + random.between(50, 1_000);
    if (now === 'slow') return usual + random.between(500, 8_000);
    if (now === direction && random.chance(0.5)) return Infinity;
    if (now !== 'silent') return usual;
    const rest = weatherUntil - at;
    return rest < 15_000 && random.chance(0.7) ? rest + usual + random.between(0, 1_000) : Infinity;
  }

  /** Most ways take the usual time, a few much longer: that is what reorders messages. */
  function randomWayMs(): number {
    return baseMs * (1 + random.next()) + (random.chance(0.05) ? random.between(0, 200) : 0);
  }

  function call(bytes: number, serve: Serve, fail: (error: Error) => void): Call {
    let incoming: Incoming | undefined;
    let over = false;
    let gone: (() => void) | undefined;
    const sentAt = machine.now();

    const deliver = (at: number, settle: Settle): void => {
      incoming ??= machine.arrive(at, () => {
        if (over) return;
        over = true;
        open.delete(entry);
        settle();
      });
    };
    const hangUp = () => {
      gone?.();
      gone = undefined;
    };
    const entry = {
      breakOff(code: string) {
        deliver(universe.now() + baseMs, () => fail(networkError(code, service)));
        hangUp();
      },
      hangUp,
    };
    open.add(entry);

    const now = weatherAt(sentAt);
    const upMs = wayMs(sentAt, bytes, 'losesRequests');
    if (now === 'refuses' || now === 'resets') {
      deliver(sentAt + baseMs, () =>
        fail(networkError(now === 'refuses' ? 'ECONNREFUSED' : 'ECONNRESET', service)),
      );
    } else if (upMs < Infinity) {
      universe.at(sentAt + upMs, () => {
        if (!machine.alive || (over && random.chance(0.5))) return;
        gone = serve((settle, responseBytes = 100) => {
          gone = undefined;
          const downMs = wayMs(universe.now(), responseBytes, 'losesResponses');
          if (downMs < Infinity) deliver(universe.now() + downMs, settle);
        });
        if (over) hangUp();
      });
    }
    return {
      abort() {
        const unread = incoming;
        if (over) return undefined;
        over = true;
        open.delete(entry);
        // Servers hear of it after one way, unless nothing gets through.
        if (weatherAt(machine.now()) !== 'silent') universe.at(machine.now() + baseMs, hangUp);
        return unread?.waitingSince() === undefined ? undefined : unread;
      },
    };
  }

  return {
    setWeather(to, until) {
      weather = to;
      weatherUntil = until;
      if (to === 'resets') for (const entry of [...open]) entry.breakOff('ECONNRESET');
    },
    call,
    cut() {
      const silent = weatherAt(universe.now()) === 'silent';
      for (const entry of open) if (!silent) universe.at(universe.now() + baseMs, entry.hangUp);
      open.clear();
    },
    open: () => open.size,
  };
}

function networkError(code: string, service: Service): Error {
  return Object.assign(new Error(`${code} ${service}`), { code });
}
