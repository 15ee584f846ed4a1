import type { Instance } from './instance.js';
import { limits, pollers } from './limits.js';

export interface Figures {
  atWork: number;
  done: number;
}

/** Where the demo is seen. */
export interface Screen {
  /** What has happened: a line, with the time. */
  say(what: string): void;
  /** Shows how things stand for the last time. */
  close(): void;
}

/**
 * On a terminal, what has happened scrolls by above a table of who holds which poller, which is drawn
 * again and again. Elsewhere a line a second says how things stand.
 */
export function openScreen(instances: readonly Instance[], figures: () => Figures): Screen {
  const { stdout } = process;
  const startedAt = performance.now();
  let drawn = 0;

  const seconds = () => `${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s`;

  function draw(...above: string[]): void {
    const lines = table(instances, figures());
    const back = drawn === 0 ? '' : `\u001b[${drawn}A\u001b[J`;
    stdout.write(back + [...above, ...lines].map((line) => `${line}\n`).join(''));
    drawn = lines.length;
  }
  const print = () => void stdout.write(`${seconds()}    ${summary(instances, figures())}\n`);

  const live = stdout.isTTY;
  const timer = setInterval(() => (live ? draw() : print()), live ? 100 : 1_000);
  return {
    say(what) {
      const line = `${seconds()}  ${what}`;
      if (live) draw(line);
      else stdout.write(`${line}\n`);
    },
    close() {
      clearInterval(timer);
      if (live) draw();
      else print();
    },
  };
}

/** `#` is a slot with a task, `.` one without. */
function bar(filled: number, of: number): string {
  return `[${'#'.repeat(filled)}${'.'.repeat(Math.max(0, of - filled))}]`;
}

function table(instances: readonly Instance[], { atWork, done }: Figures): string[] {
  const numbers = Array.from({ length: pollers }, (_, poller) => poller);
  const rows = instances.map((instance) => {
    const cells = numbers.map((index) => {
      const poller = instance.pollers().find((one) => one.poller === index);
      return poller === undefined ? '' : bar(poller.tasks, poller.concurrency);
    });
    const state = instance.state() === 'up' ? '' : instance.state();
    return row(instance.name, [...cells, state]);
  });
  return [
    '',
    row(
      '',
      numbers.map((poller) => `poller ${poller}`),
    ),
    ...rows,
    `  ${atWork} of ${limits.maxConcurrency} at work, ${done} done`,
  ];
}

function row(name: string, cells: readonly string[]): string {
  return `  ${name.padEnd(8)}${cells.map((cell) => cell.padEnd(8)).join('')}`.trimEnd();
}

function summary(instances: readonly Instance[], { atWork, done }: Figures): string {
  const present = instances.filter(({ state }) => !/killed|stopped/.test(state()));
  const holders = present.map((instance) => {
    if (instance.state() === 'loading') return `${instance.name} loading`;
    const held = instance
      .pollers()
      .map(({ poller, tasks, concurrency }) => `${poller}${bar(tasks, concurrency)}`);
    return `${instance.name} ${held.join(' ') || '-'}`;
  });
  return `${holders.join('  ')}  ${atWork} of ${limits.maxConcurrency} at work, ${done} done`;
}
