import type { FakeSfn, OperationName } from '../../lib/testing/index.js';
import { aws } from './faults-support.js';
import type { Trouble } from './integration/troubles.js';
import { passingTroubles } from './integration/troubles.js';

const all: readonly OperationName[] = [
  'CreateActivity',
  'GetActivityTask',
  'SendTaskSuccess',
  'SendTaskFailure',
  'SendTaskHeartbeat',
];
const onTask = ['SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat'] as const;

interface Risk {
  trouble: Trouble;
  operation: readonly OperationName[];
  /** Of how many calls in a thousand it befalls one, in fair weather. */
  perMille: number;
}

/** Every known way in which a call can fail. */
const risks: Risk[] = [
  ...passingTroubles.map(([, trouble]) => ({ trouble, operation: all, perMille: 4 })),
  { trouble: aws('ExpiredTokenException'), operation: all, perMille: 4 },
  { trouble: { kind: 'lostAnswer' }, operation: all, perMille: 10 },
  { trouble: { kind: 'hang' }, operation: all, perMille: 2 },
  { trouble: aws('KmsAccessDeniedException'), operation: all, perMille: 4 },
  { trouble: aws('KmsInvalidStateException'), operation: all, perMille: 4 },
  { trouble: aws('ValidationException'), operation: all, perMille: 2 },
  { trouble: aws('ActivityWorkerLimitExceeded'), operation: ['GetActivityTask'], perMille: 4 },
  { trouble: aws('InvalidOutput'), operation: ['SendTaskSuccess'], perMille: 2 },
  { trouble: aws('InvalidToken'), operation: onTask, perMille: 2 },
  { trouble: aws('TaskTimedOut'), operation: onTask, perMille: 2 },
];

export interface Weather {
  /** Makes every risk so many times as likely. */
  set(strength: number): void;
  /** Polls that had their answer lost: each may have had a task in it. */
  pollsLost(): number;
  /** Whether so many calls failed at one moment that there can have been no wait between them. */
  sawHotLoop(): boolean;
  clear(): void;
}

/** At one moment of fake time, which a loop without waits would never let pass. */
const MOST_AT_ONCE = 200;

/**
 * Makes a fake Step Functions fail at random, in every known way. `hangs` says of which operations a call
 * may hang: only fake time has the patience for all.
 */
export function createWeather(
  sfn: FakeSfn,
  random: () => number,
  hangs: readonly OperationName[] = all,
): Weather {
  let strength = 1;
  let pollsLost = 0;
  let moment = 0;
  let struckNow = 0;
  let hotLoop = false;

  function countStrike(): void {
    struckNow = moment === Date.now() ? struckNow + 1 : 1;
    moment = Date.now();
    hotLoop ||= struckNow > MOST_AT_ONCE;
  }

  const ends = risks.flatMap(({ trouble, operation: operations, perMille }) =>
    (trouble.kind === 'hang' ? hangs : operations).map((operation) =>
      sfn.fault({
        ...trouble,
        operation,
        times: Infinity,
        when() {
          const strikes = !hotLoop && random() * 1_000 < perMille * strength;
          if (!strikes) return false;
          countStrike();
          if (operation === 'GetActivityTask' && trouble.kind === 'lostAnswer') pollsLost += 1;
          return true;
        },
      }),
    ),
  );
  const isSlow = () => random() < 0.05;
  ends.push(sfn.fault({ kind: 'latency', ms: 2_000, times: Infinity, when: isSlow }));
  return {
    set: (to) => void (strength = to),
    pollsLost: () => pollsLost,
    sawHotLoop: () => hotLoop,
    clear: () => ends.forEach((end) => end()),
  };
}
