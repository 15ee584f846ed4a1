import { randomUUID } from 'node:crypto';
import type { Activity } from './fake-activity.js';
import { ServiceError } from './service-error.js';
import type { Task } from './fake-task.js';

/**
 * Issues task tokens, and finds the running task of one. A token shows that it was issued here, so
 * that closed ones need not be remembered.
 */
export class TaskTokens {
  readonly #issuer = randomUUID();
  readonly #arns = new Set<string>();
  readonly #running = new Map<string, { task: Task; activity: Activity }>();
  #issued = 0;

  issue(task: Task, activity: Activity): string {
    this.#issued += 1;
    const token = encode(this.#issuer, this.#issued, activity.arn);
    this.#arns.add(activity.arn);
    this.#running.set(token, { task, activity });
    void task.outcome.then(() => this.#running.delete(token));
    return token;
  }

  /** How many tasks of an activity are handed out and not closed. */
  running(activity: Activity): number {
    let running = 0;
    for (const { task, activity: owner } of this.#running.values()) {
      if (owner === activity && !task.closed) running += 1;
    }
    return running;
  }

  /**
   * The task of a token.
   *
   * @throws InvalidToken, or TaskTimedOut if the task is closed.
   */
  open(token: string): Task {
    const task = this.#running.get(token)?.task;
    if (task?.closed === false) return task;
    throw new ServiceError('TaskTimedOut', `Task Timed Out: '${this.#arnIn(token)}'`);
  }

  /**
   * Checks a token.
   *
   * @throws InvalidToken unless it was issued here.
   */
  check(token: string): void {
    if (!this.#running.has(token)) this.#arnIn(token);
  }

  #arnIn(token: string): string {
    const [, number = '', arn = ''] = Buffer.from(token, 'base64').toString().split(' ');
    const isKnown = /^[1-9]\d*$/.test(number) && Number(number) <= this.#issued;
    // Base64 can spell the same bytes in several ways, and one of them was issued.
    if (isKnown && this.#arns.has(arn) && encode(this.#issuer, Number(number), arn) === token) {
      return arn;
    }
    throw new ServiceError('InvalidToken', "Invalid Token: 'Invalid token'");
  }
}

function encode(issuer: string, number: number, arn: string): string {
  return Buffer.from(`${issuer} ${number} ${arn}`).toString('base64');
}
