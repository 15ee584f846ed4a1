import type { Random } from '../engine/random.js';
import type { Universe } from '../engine/universe.js';

/** What an execution asks of the activity, and what has come of it. */
export interface Job {
  id: string;
  input: string;
  timeoutMs: number;
  heartbeatMs: number | undefined;
  /** How often a task that timed out, or that the source failed, is tried again. */
  retries: number;
  outcome: 'open' | 'succeeded' | 'failed';
}

/** One task token: what AWS hands to one poll, once. */
export interface Token {
  id: string;
  job: Job;
  /** The poll that it was handed to. */
  poll: Poll | undefined;
  closed: 'success' | 'failure' | 'timeout' | undefined;
  closedAt: number;
  /** What closed it, as it was sent. */
  content: string | undefined;
}

/** One GetActivityTask at AWS. */
export interface Poll {
  owner: string;
  /** Its caller has gone: until its 60 s are over it takes tasks all the same. */
  gone: boolean;
  endsAt: number;
  answer: (token: Token | undefined) => void;
}

/** Errors that say nothing of the task itself: a Retry of the state runs it again. */
const RETRIED = /StepFuncSource\.(Stopped|LeaseLost|InvokeFailed)/;

/**
 * - `throttled`, `unavailable`, `internal`: calls fail; some that failed have taken effect
 * - `kms`, `refusesCauses`: failures are refused, all but bare ones or those with a cause
 * - `limitsWorkers`: the activity has as many open polls as AWS allows
 */
export const awsTroubles = [
  'throttled',
  'unavailable',
  'internal',
  'kms',
  'refusesCauses',
  'limitsWorkers',
] as const;
export type Trouble = (typeof awsTroubles)[number];

export interface Aws {
  schedule(job: Job): void;
  /** Handles a call: replies once, or throws what it answers with. Returns what a hang-up does. */
  handle(
    owner: string,
    operation: string,
    input: Record<string, unknown>,
    reply: (output: Record<string, unknown>) => void,
    fail: (error: Error) => void,
  ): (() => void) | undefined;
  setTrouble(trouble: Trouble | undefined, until: number): void;
  deleteActivity(): void;
  jobs: Job[];
  tokens: Map<string, Token>;
  /** Tasks that wait for a poll. */
  queued(): number;
  /** Polls whose caller is there. */
  openPolls(): number;
  onHandedOut: (token: Token) => void;
}

export const POLL_MS = 60_000;
export const activityArn = 'arn:aws:states:us-east-1:123456789012:activity:sum';

/** What an account may ask for. */
export interface Quotas {
  /** Whether there is a token for a call, which takes it. */
  take(operation: string): boolean;
  /** How many polls may be open, also of callers that have gone. */
  openPolls: number;
}

const noQuotas: Quotas = { take: () => true, openPolls: Infinity };

/** Step Functions' activities, by AWS's rules. It never errs and never rests. */
export function createAws(universe: Universe, random: Random, quotas = noQuotas): Aws {
  const jobs: Job[] = [];
  const tokens = new Map<string, Token>();
  const queue: Token[] = [];
  let polls: Poll[] = [];
  let trouble: Trouble | undefined;
  let troubleUntil = 0;
  let exists = false;
  /** AWS takes a while to create an activity anew that was deleted. */
  let wasDeleted = false;
  /** Until then some polls are answered that there is no such activity. */
  let consistentAt = 0;
  const bucket = { tokens: 50, at: 0 };

  function handOut(token: Token, poll: Poll): void {
    token.poll = poll;
    const { job } = token;
    universe.at(universe.now() + job.timeoutMs, () => close(token, 'timeout', undefined));
    beat(token);
    aws.onHandedOut(token);
    poll.answer(token);
  }

  const heartbeats = new Map<Token, number>();
  function beat(token: Token): void {
    const { heartbeatMs } = token.job;
    if (heartbeatMs === undefined) return;
    const due = universe.now() + heartbeatMs;
    heartbeats.set(token, due);
    universe.at(due, () => {
      if (heartbeats.get(token) === due) close(token, 'timeout', undefined);
    });
  }

  function close(token: Token, how: 'success' | 'failure' | 'timeout', content?: string): void {
    if (token.closed !== undefined) return;
    token.closed = how;
    token.closedAt = universe.now();
    token.content = content;
    heartbeats.delete(token);
    const { job } = token;
    if (how === 'success') job.outcome = 'succeeded';
    else if (how === 'timeout' || RETRIED.test(content ?? '')) retry(job);
    else job.outcome = 'failed';
  }

  function retry(job: Job): void {
    if (job.retries === 0) job.outcome = 'failed';
    job.retries -= 1;
    if (job.outcome === 'open') universe.at(universe.now() + 1_000, () => enqueue(job));
  }

  function enqueue(job: Job): void {
    const token: Token = {
      id: `${job.id}.${job.retries}`,
      job,
      poll: undefined,
      closed: undefined,
      closedAt: Infinity,
      content: undefined,
    };
    tokens.set(token.id, token);
    polls = polls.filter((poll) => poll.endsAt > universe.now());
    const poll = polls.shift();
    if (poll === undefined) queue.push(token);
    else handOut(token, poll);
  }

  function getActivityTask(owner: string, answer: Poll['answer']): () => void {
    const poll: Poll = { owner, gone: false, endsAt: universe.now() + POLL_MS, answer };
    const token = queue.shift();
    if (token !== undefined) {
      handOut(token, poll);
    } else {
      polls.push(poll);
      universe.at(poll.endsAt, () => {
        if (!polls.includes(poll)) return;
        polls.splice(polls.indexOf(poll), 1);
        answer(undefined);
      });
    }
    return () => void (poll.gone = true);
  }

  function report(operation: string, input: Record<string, unknown>): Record<string, unknown> {
    const token = tokens.get(String(input['taskToken']));
    if (token?.poll === undefined) throw serviceError('InvalidToken');
    if (token.closed !== undefined) throw serviceError('TaskTimedOut');
    if (operation === 'SendTaskHeartbeat') {
      beat(token);
    } else if (operation === 'SendTaskSuccess') {
      if (!isJson(String(input['output']))) throw serviceError('InvalidOutput');
      close(token, 'success', contentOf(operation, input));
    } else {
      const refused = troubleNow() === 'refusesCauses' && input['cause'] !== undefined;
      if (refused) throw serviceError('ValidationException');
      const bare = input['error'] === undefined && input['cause'] === undefined;
      if (troubleNow() === 'kms' && !bare) throw serviceError('KmsAccessDeniedException');
      close(token, 'failure', contentOf(operation, input));
    }
    return {};
  }

  const troubleNow = () => (universe.now() < troubleUntil ? trouble : undefined);

  function turnedAway(): Error | undefined {
    bucket.tokens = Math.min(50, bucket.tokens + (universe.now() - bucket.at) / 50);
    bucket.at = universe.now();
    switch (troubleNow()) {
      case 'throttled':
        bucket.tokens = Math.min(bucket.tokens, 2) - 1;
        if (bucket.tokens < 0) return serviceError('ThrottlingException');
        return random.chance(0.5) ? serviceError('ThrottlingException') : undefined;
      case 'unavailable':
        return serviceError('ServiceUnavailable', 503);
      case 'internal':
        return random.chance(0.5) ? serviceError('InternalFailure', 500) : undefined;
      default:
        return undefined;
    }
  }

  const aws: Aws = {
    schedule(job) {
      jobs.push(job);
      enqueue(job);
    },
    handle(owner, operation, input, reply, fail) {
      const away = quotas.take(operation) ? turnedAway() : serviceError('ThrottlingException');
      if (away !== undefined) {
        fail(away);
        return undefined;
      }
      if (operation === 'CreateActivity') {
        const create = () => {
          if (!exists) consistentAt = universe.now() + 2_000;
          exists = true;
          reply({ activityArn });
        };
        if (wasDeleted && !exists) universe.at(universe.now() + random.whole(500, 5_000), create);
        else create();
        return undefined;
      }
      if (operation === 'GetActivityTask') {
        const unseen = universe.now() < consistentAt && random.chance(0.3);
        if (!exists || unseen) {
          fail(serviceError('ActivityDoesNotExist'));
          return undefined;
        }
        if (troubleNow() === 'limitsWorkers' || polls.length >= quotas.openPolls) {
          fail(serviceError('ActivityWorkerLimitExceeded'));
          return undefined;
        }
        return getActivityTask(owner, (token) =>
          reply(
            token === undefined
              ? { taskToken: '' }
              : { taskToken: token.id, input: token.job.input },
          ),
        );
      }
      try {
        const output = report(operation, input);
        // It took effect, and the answer says that something went wrong.
        if (troubleNow() === 'internal' && random.chance(0.2))
          fail(serviceError('InternalFailure', 500));
        else reply(output);
      } catch (error) {
        fail(error as Error);
      }
      return undefined;
    },
    setTrouble(to, until) {
      trouble = to;
      troubleUntil = until;
    },
    deleteActivity() {
      exists = false;
      wasDeleted = true;
    },
    jobs,
    tokens,
    queued: () => queue.length,
    openPolls: () => polls.filter(({ gone, endsAt }) => !gone && endsAt > universe.now()).length,
    onHandedOut: () => undefined,
  };
  return aws;
}

/** What a report says, by which two of them differ. */
export function contentOf(operation: string, input: Record<string, unknown>): string {
  const { output, error, cause } = input;
  return `${operation} ${JSON.stringify([output, error, cause])}`;
}

/** As the SDK puts it. */
export function serviceError(name: string, status = 400): Error {
  const error = Object.assign(new Error(`${name} of the simulated Step Functions`), {
    $metadata: { httpStatusCode: status, attempts: 1 },
    $fault: status < 500 ? 'client' : 'server',
  });
  error.name = name;
  return error;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
