import type { SfnClient } from '../../../lib/index.js';
import type { Incoming } from '../engine/machine.js';
import type { SentPoll } from '../judge/slots.js';
import type { Timeline } from '../judge/violation.js';
import type { Aws } from './aws.js';
import type { Instance } from './instance.js';

/** What is late by no more than this may win against what has arrived (T12). */
const LATE_MS = 50;
/** A deadline that fires no later than this is in time, and acts at once. */
const IN_TIME_MS = 3;

/** The SDK's `send`, over the simulated network. Every call passes the judges. */
export function createSfnClient(instance: Instance, aws: Aws, line: Timeline): SfnClient {
  const { machine, links } = instance;

  return {
    send(command, { abortSignal } = {}) {
      const operation = command.constructor.name.replace('Command', '');
      const { input } = command as { input: Record<string, unknown> };
      const isPoll = operation === 'GetActivityTask';
      const token = typeof input['taskToken'] === 'string' ? input['taskToken'] : undefined;
      const what = `${operation}${token === undefined ? '' : ` ${token}`}`;
      line.note(machine.name, `sends ${what}`);
      let sent: SentPoll | undefined;
      if (instance.stopped) line.broken('S3: nothing after stop', `${machine.name} sends ${what}`);
      if (isPoll) {
        sent = instance.slots.pollSent();
        instance.pace.pollSent(sent.poller);
      } else if (token !== undefined) {
        instance.tasks.sending(operation, input);
        if (operation !== 'SendTaskHeartbeat')
          instance.pace.reportSent(token, instance.tasks.sends(token));
      }
      const sentAt = machine.now();

      return new Promise((resolve, reject) => {
        const settled = () => abortSignal?.removeEventListener('abort', abort);
        const succeed = (output: Record<string, unknown>) => {
          settled();
          const got = output['taskToken'];
          line.note(machine.name, `reads ${what}: ${JSON.stringify(output)}`);
          if (sent !== undefined) {
            const task = typeof got === 'string' && got !== '' ? got : undefined;
            instance.slots.pollEnded(sent, task);
            instance.pace.pollAnswered(sent.poller, sent.sentAt);
            if (task !== undefined) instance.tasks.delivered(task);
          } else if (token !== undefined && instance.tasks.answered(operation, input, undefined)) {
            instance.slots.taskEnded(token);
          }
          resolve(output);
        };
        const fail = (error: Error) => {
          settled();
          line.note(machine.name, `reads ${what}: ${error.name} ${error.message}`);
          if (sent !== undefined) {
            instance.slots.pollEnded(sent);
            instance.pace.pollBroke(sent.poller, sent.sentAt);
          } else if (token !== undefined) {
            if (operation !== 'SendTaskHeartbeat') instance.pace.reportFailed(token);
            if (instance.tasks.answered(operation, input, error)) instance.slots.taskEnded(token);
          }
          reject(error);
        };
        const call = links.aws.call(
          JSON.stringify(input).length,
          (reply) =>
            aws.handle(
              machine.name,
              operation,
              input,
              (output) => reply(() => succeed(output), JSON.stringify(output).length),
              (error) => reply(() => fail(error)),
            ),
          fail,
        );
        const abort = () => {
          settled();
          const unread = call.abort();
          line.note(
            machine.name,
            `aborts ${what}${unread === undefined ? '' : ', whose response has arrived'}`,
          );
          if (sent !== undefined) {
            instance.slots.pollEnded(sent);
            instance.pace.pollBroke(sent.poller, sent.sentAt);
            checkPollBound(instance, sentAt, line);
          }
          if (unread !== undefined) {
            const lateMs = isPoll ? machine.now() - sentAt - 70_000 : Infinity;
            checkArrived(instance, unread, what, line, lateMs);
          }
          const error = new Error('Request aborted');
          error.name = 'AbortError';
          reject(error);
        };
        if (abortSignal?.aborted === true) abort();
        else abortSignal?.addEventListener('abort', abort);
      });
    },
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

/**
 * T12: what has arrived is read before a late timer acts. Exempt is the end of a grace. Acting in
 * the phase of timers means that the loop was given no turn to read.
 */
export function checkArrived(
  instance: Instance,
  unread: Incoming,
  what: string,
  line: Timeline,
  /** How late the limit was, if that can be told. One that was in time may act. */
  lateMs = Infinity,
): void {
  const { machine } = instance;
  if (lateMs <= IN_TIME_MS) return;
  const waitedMs = machine.now() - (unread.waitingSince() ?? machine.now());
  if (machine.phase() !== 'timers' || waitedMs <= LATE_MS) return;
  if (machine.now() >= instance.graceEndsAt) return;
  line.broken(
    'T12',
    `${machine.name} gives up ${what}, whose response arrived ${Math.round(waitedMs)} ms before`,
  );
}
