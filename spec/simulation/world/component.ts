import type { Invoke } from '../../../lib/index.js';
import type { Instance, World } from './instance.js';
import { checkArrived } from './aws-calls.js';

/**
 * - `answers`, `fails`: after a while, with 200 or 500
 * - `talksNonsense`: 200 with something that is not JSON
 * - `throws`: the invoke itself, at once
 * - `hangs`: never answers
 * - `isDeaf`: never answers, and the invoke ignores its signal
 * - `computes`: in the worker's own process, whose loop it blocks
 * - `isHuge`: a long output
 */
export const manners = [
  'answers',
  'fails',
  'talksNonsense',
  'throws',
  'hangs',
  'isDeaf',
  'computes',
  'isHuge',
] as const;
export type Manner = (typeof manners)[number];

/** What a task asks for. */
export interface Work {
  manner: Manner;
  ms: number;
}

/** Takes tasks to the component, which does as each task asks. */
export function createInvoke(instance: Instance, { universe, line }: World): Invoke {
  const { machine, links } = instance;

  return (request, signal) => {
    instance.mayBlock('invoke');
    const { task } = request;
    instance.idle.invoking(task);
    const { manner, ms: asked } = JSON.parse(request.body) as Work;
    // Once all is calm, a computation no longer blocks for long.
    const ms = instance.isCalm ? Math.min(asked, 200) : asked;
    if (manner === 'throws') throw new TypeError('The component throws');
    if (manner === 'isDeaf') {
      instance.invokes.begun(task, signal);
      signal.addEventListener('abort', () => instance.invokes.aborted(task, signal));
      return new Promise(() => undefined);
    }
    if (manner === 'computes') {
      line.note(machine.name, `computes for ${ms} ms`);
      instance.block(ms);
      return Promise.resolve(responseTo(manner));
    }
    const ended = instance.invokes.begun(task, signal);
    return new Promise((resolve, reject) => {
      const settled = () => {
        ended();
        signal.removeEventListener('abort', abort);
        instance.idle.invoked(task);
      };
      const call = links.component.call(
        request.body.length,
        (reply) => {
          const response = responseTo(manner);
          const answer = () =>
            reply(() => {
              settled();
              resolve(response);
            }, response.body.length);
          if (manner !== 'hangs') universe.at(universe.now() + ms, answer);
          return undefined;
        },
        (error) => {
          settled();
          if (isRefusal(error)) instance.idle.refused(task);
          reject(error);
        },
      );
      const abort = () => {
        instance.invokes.aborted(task, signal);
        settled();
        const unread = call.abort();
        const { code } = signal.reason as { code?: string };
        if (unread !== undefined && code === 'timeout') {
          checkArrived(instance, unread, 'an invoke', line);
        }
        reject(signal.reason as Error);
      };
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort);
    });
  };
}

function isRefusal(error: Error & { code?: string }): boolean {
  return error.code === 'ECONNREFUSED';
}

function responseTo(manner: Manner) {
  switch (manner) {
    case 'fails':
      return { status: 500, headers: { 'step-func-error': 'Broken' }, body: 'It is broken' };
    case 'talksNonsense':
      return { status: 200, headers: {}, body: 'nonsense' };
    case 'isHuge':
      return { status: 200, headers: {}, body: JSON.stringify('x'.repeat(100_000)) };
    default:
      return { status: 200, headers: {}, body: '{"done":true}' };
  }
}
