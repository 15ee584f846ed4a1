import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Activity } from '../../../lib/testing/fake-activity.js';
import { Task } from '../../../lib/testing/fake-task.js';
import { TaskTokens } from '../../../lib/testing/task-tokens.js';

const rules = { longPollMs: 0, maxOpenPolls: 1, loseTasksOfAbortedPolls: true };
const arnOf = (name: string) => `arn:aws:states:us-east-1:123456789012:activity:${name}`;

function setUp() {
  const tokens = new TaskTokens();
  const activity = new Activity(arnOf('sum'), rules);
  const issue = (to = activity) => {
    const task = new Task('1', {});
    return { task, token: tokens.issue(task, to) };
  };
  return { tokens, activity, issue };
}

const invalid = { name: 'InvalidToken', message: "Invalid Token: 'Invalid token'" };
const timedOut = { name: 'TaskTimedOut', message: `Task Timed Out: '${arnOf('sum')}'` };

const errorOf = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return error;
  }
};

describe('TaskTokens', () => {
  it('finds the task of each token, as long as it is open', async () => {
    const { tokens, issue } = setUp();
    const [one, two] = [issue(), issue()];
    expect(one.token).not.toBe(two.token);
    expect(tokens.open(one.token)).toBe(one.task);
    one.task.close({ status: 'ABORTED' });
    for (const moment of ['at once', 'later']) {
      expect(
        errorOf(() => tokens.open(one.token)),
        moment,
      ).toMatchObject(timedOut);
      await one.task.outcome;
    }
    expect(tokens.open(two.token)).toBe(two.task);
    // A closed one was still issued here.
    expect(() => tokens.check(one.token)).not.toThrow();
  });

  it('counts the open tasks of an activity', () => {
    const { tokens, activity, issue } = setUp();
    const other = new Activity(arnOf('other'), rules);
    const [{ task }] = [issue(), issue(), issue(other)];
    expect([tokens.running(activity), tokens.running(other)]).toEqual([2, 1]);
    task.close({ status: 'ABORTED' });
    expect(tokens.running(activity)).toBe(1);
  });

  it('refuses the token of another issuer', () => {
    const { tokens } = setUp();
    const { token } = setUp().issue();
    expect(errorOf(() => tokens.open(token))).toMatchObject(invalid);
    expect(errorOf(() => tokens.check(token))).toMatchObject(invalid);
  });

  it('refuses a token with another number or activity than was issued', () => {
    const { tokens, issue } = setUp();
    const decoded = Buffer.from(issue().token, 'base64').toString();
    for (const forged of [
      decoded.replace(' 1 ', ' 2 '),
      decoded.replace(' 1 ', ' 01 '),
      decoded.replace(' 1 ', ' 0 '),
      `${decoded}2`,
      decoded.replace(/ \S+$/, ''),
    ]) {
      const token = Buffer.from(forged).toString('base64');
      expect(
        errorOf(() => tokens.open(token)),
        forged,
      ).toMatchObject(invalid);
    }
  });

  it('refuses any other text, and a token of which one character was changed', () => {
    const { tokens, issue } = setUp();
    const { token } = issue();
    const anyChar = fc.stringMatching(/^[A-Za-z0-9+/=]$/);
    fc.assert(
      fc.property(fc.string(), anyChar, fc.nat(token.length - 1), (text, char, at) => {
        const damaged = token.slice(0, at) + char + token.slice(at + 1);
        for (const tried of [text, damaged]) {
          if (tried !== token) expect(errorOf(() => tokens.open(tried))).toMatchObject(invalid);
        }
      }),
      { numRuns: 300 },
    );
  });
});
