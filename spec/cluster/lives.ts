import type { Happening, Trace } from './trace.js';

/** From an `acquired` to the `released` that goes with it. */
export interface Tenure {
  instance: string;
  poller: number;
  acquiredAt: number;
  /** When the holder learned that its lease was lost; Infinity: never. */
  lostAt: number;
  /** When it was given back; Infinity: never, for its holder was killed or the trace ends. */
  releasedAt: number;
}

export interface Span {
  from: number;
  to: number;
}

/** What became of one instance, out of the trace. */
export interface Life {
  name: string;
  /** How many pollers there are by its config. */
  pollers: number;
  onLeaseLost: 'drain' | 'abort';
  /** Running: started, and not yet stopped. */
  up: Span;
  killedAt: number;
  /** Each from its SIGSTOP until it had woken and looked at its clocks. */
  suspended: Span[];
  /** While the store was out of its reach. */
  cutOff: Span[];
  tenures: Tenure[];
}

export function livesIn({ happenings, configs }: Trace): Map<string, Life> {
  const lives = new Map<string, Life>();
  // Each instance's own words come in order, but not in order with the others'.
  for (const happening of [...happenings].sort((a, b) => a.at - b.at)) {
    const { instance: name } = happening;
    const life: Life = lives.get(name) ?? {
      name,
      ...(configs.get(name) ?? { pollers: 0, onLeaseLost: 'drain' }),
      up: { from: Infinity, to: Infinity },
      killedAt: Infinity,
      suspended: [],
      cutOff: [],
      tenures: [],
    };
    lives.set(name, life);
    live(life, happening);
  }
  return lives;
}

function live(life: Life, happening: Happening): void {
  const { at, what } = happening;
  switch (what) {
    case 'running':
      life.up.from = at;
      return;
    case 'terminated':
    case 'killed':
      life.up.to = Math.min(life.up.to, at);
      if (what === 'killed') life.killedAt = Math.min(life.killedAt, at);
      return;
    case 'suspended':
      life.suspended.push({ from: at, to: Infinity });
      return;
    case 'awake':
      close(life.suspended, at);
      return;
    case 'cutOff':
      life.cutOff.push({ from: at, to: Infinity });
      return;
    case 'reconnected':
      close(life.cutOff, at);
      return;
    case 'acquired': {
      const { instance, poller } = happening;
      life.tenures.push({
        instance,
        poller,
        acquiredAt: at,
        lostAt: Infinity,
        releasedAt: Infinity,
      });
      return;
    }
    case 'lost':
    case 'released': {
      const tenure = life.tenures.findLast(({ poller }) => poller === happening.poller);
      if (tenure !== undefined) tenure[`${what}At`] = at;
      return;
    }
    default:
  }
}

function close(spans: Span[], at: number): void {
  const last = spans.at(-1);
  if (last?.to === Infinity) last.to = at;
}

/** The instance's tenure of a poller at a moment, if it had one. */
export function tenureAt(life: Life, poller: number, at: number): Tenure | undefined {
  return life.tenures.find(
    (tenure) => tenure.poller === poller && tenure.acquiredAt <= at && at <= tenure.releasedAt,
  );
}
