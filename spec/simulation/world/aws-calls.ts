import type { Incoming } from '../engine/machine.js';
import type { SentPoll } from '../judge/slots.js';
import type { Timeline } from '../judge/violation.js';
import type { Aws } from './aws.js';
import type { Instance } from './instance.js';

/** One call to Step Functions, as the process makes it. */
export interface AwsCall {
  operation: string;
  input: Record<string, unknown>;
  /** How often this call was sent before, by a client that retries by itself. */
  retries: number;
  /** Called when the process reads a response. */
  succeed(output: Record<string, unknown>): void;
  /** Called when the process reads an error, of AWS's or of the network's. */
  fail(error: Error): void;
}

/** Sends calls over the simulated network. Every one passes the judges. Returns what aborts it. */
export function createAwsCalls(instance: Instance, aws: Aws, line: Timeline) {
  const { machine, links } = instance;

  return ({ operation, input, retries, succeed, fail }: AwsCall): (() => void) => {
    const isPoll = operation === 'GetActivityTask';
    const token = typeof input['taskToken'] === 'string' ? input['taskToken'] : undefined;
    let what = `${operation}${token === undefined ? '' : ` ${token}`}`;
    const sentAt = machine.now();
    const bytes = JSON.stringify(input).length;
    let sent: SentPoll | undefined;

    if (instance.stopped) line.broken('S3: nothing after stop', `${machine.name} sends ${what}`);
    if (isPoll) {
      sent = instance.slots.pollSent();
      if (sent.poller !== undefined) what = `${operation} for ${sent.poller}`;
      line.note(machine.name, `sends ${what}`);
      instance.pace.pollSent(sent.poller);
      if (sent.poller !== undefined) instance.leases.pollSent(sent.poller);
    } else {
      line.note(machine.name, `sends ${what}`);
      if (operation === 'CreateActivity' && retries === 0) instance.pace.creating();
    }
    if (token !== undefined) {
      instance.tasks.sending(operation, input, retries);
      if (operation !== 'SendTaskHeartbeat') {
        instance.pace.reportSent(token, instance.tasks.sends(token));
      }
    }

    function read(output: Record<string, unknown>): void {
      const got = output['taskToken'];
      line.note(machine.name, `reads ${what}: ${JSON.stringify(output)}`);
      if (sent !== undefined) {
        const task = typeof got === 'string' && got !== '' ? got : undefined;
        instance.slots.pollEnded(sent, task);
        instance.pace.pollAnswered(sent.poller, sent.sentAt, task !== undefined);
        if (task !== undefined) instance.tasks.delivered(task);
      } else if (token !== undefined && instance.tasks.answered(operation, input, undefined)) {
        instance.slots.taskEnded(token);
      }
      succeed(output);
    }

    function readError(error: Error): void {
      line.note(machine.name, `reads ${what}: ${error.name} ${error.message}`);
      if (sent !== undefined) {
        instance.slots.pollEnded(sent);
        instance.pace.pollBroke(sent.poller, sent.sentAt);
      } else if (token !== undefined) {
        if (operation !== 'SendTaskHeartbeat') instance.pace.reportFailed(token);
        if (instance.tasks.answered(operation, input, error)) instance.slots.taskEnded(token);
      } else {
        instance.pace.creationFailed();
      }
      fail(error);
    }

    const call = links.aws.call(
      bytes,
      (reply) =>
        aws.handle(
          machine.name,
          operation,
          input,
          (output) => reply(() => read(output), JSON.stringify(output).length),
          (error) => reply(() => readError(error)),
        ),
      readError,
    );

    return () => {
      const unread = call.abort();
      const arrived = unread === undefined ? '' : ', whose response has arrived';
      line.note(machine.name, `aborts ${what}${arrived}`);
      if (sent !== undefined) {
        instance.slots.pollEnded(sent);
        instance.pace.pollBroke(sent.poller, sent.sentAt);
        checkPollBound(instance, sentAt, line);
      } else if (token !== undefined && operation === 'SendTaskHeartbeat') {
        instance.tasks.beatAborted(token);
      } else if (token !== undefined) {
        instance.pace.reportFailed(token);
        checkReportBound(instance, sentAt, bytes, line);
      }
      if (unread === undefined) return;
      checkArrived(instance, unread, what, line);
    };
  };
}

/** P1, and AWS's own rule: a poll is given 65 s at least, unless a grace has ended (S2). */
function checkPollBound(instance: Instance, sentAt: number, line: Timeline): void {
  const { machine } = instance;
  if (machine.now() >= instance.graceEndsAt || machine.now() - sentAt >= 65_000) return;
  line.broken(
    'P1: polls are awaited',
    `${machine.name} aborts a poll of ${machine.now() - sentAt} ms`,
  );
}

/** T13: a report has 10 s, and 1 s more for each 4 KiB, unless a grace has ended (S2). */
function checkReportBound(
  { machine, graceEndsAt }: Instance,
  sentAt: number,
  bytes: number,
  line: Timeline,
): void {
  const ms = machine.now() - sentAt;
  if (machine.now() >= graceEndsAt || ms >= 10_000 + (bytes / 4_096) * 1_000 - 1_000) return;
  line.broken('T13: time for a report', `${machine.name} aborts ${bytes} bytes after ${ms} ms`);
}

/**
 * T12: what has arrived is read before a time limit acts. Exempt is the end of a grace. Acting in
 * the phase of timers means that the loop was given no turn to read.
 */
export function checkArrived(
  instance: Instance,
  unread: Incoming,
  what: string,
  line: Timeline,
): void {
  const { machine } = instance;
  const waitedMs = machine.now() - (unread.waitingSince() ?? machine.now());
  if (machine.phase() !== 'timers') return;
  if (machine.now() >= instance.graceEndsAt) return;
  line.broken(
    'T12',
    `${machine.name} aborts ${what}, whose response arrived ${Math.round(waitedMs)} ms before`,
  );
}
