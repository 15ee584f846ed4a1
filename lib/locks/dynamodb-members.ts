import { randomUUID } from 'node:crypto';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { getProperty } from '../common/property.js';
import type { DynamoDbTable } from './dynamodb-lock.js';
import type { Membership } from './types.js';

/**
 * A group is one item, with an attribute per member: `<ttl in ms> <version> <text>`. Each renewal
 * is one write that returns the whole item. As with locks, no clocks are compared. A member has expired
 * if its attribute was seen unchanged for its ttl. Any other member then removes it.
 */
export function createDynamoDbMembership(
  { send, tableName, monotonic }: DynamoDbTable,
  group: string,
  ttlMs: number,
): Membership {
  const me = randomUUID();
  const seen = new Map<string, { text: string; since: number }>();
  let expired: string[] = [];

  /** The texts of the other members. */
  function look(item: unknown): string[] {
    const at = monotonic();
    const present = Object.entries(item ?? {}).flatMap(([member, attribute]) => {
      const text = getProperty(attribute, 'S');
      return member === 'name' || member === me || typeof text !== 'string'
        ? []
        : [{ member, text }];
    });
    const here = present.flatMap(({ member, text }) => {
      const last = seen.get(member);
      const since = last?.text === text ? last.since : at;
      seen.set(member, { text, since });
      const [, lives = '0', says = ''] = /^(\d+) \S+ (.*)$/.exec(text) ?? [];
      return since + Number(lives) > at ? [{ member, says }] : [];
    });
    expired = present
      .map(({ member }) => member)
      .filter((each) => !here.some((h) => h.member === each));
    for (const member of seen.keys()) {
      if (!present.some((each) => each.member === member)) seen.delete(member);
    }
    return here.map(({ says }) => says);
  }

  function update(expression: string, names: string[], text?: string) {
    return new UpdateItemCommand({
      TableName: tableName,
      Key: { name: { S: group } },
      UpdateExpression: expression,
      ExpressionAttributeNames: Object.fromEntries(names.map((name, i) => [`#m${i}`, name])),
      ...(text === undefined ? {} : { ExpressionAttributeValues: { ':text': { S: text } } }),
      ReturnValues: 'ALL_NEW',
    });
  }

  return {
    async renew(says) {
      // An expression has a limit: a hundred at a time.
      const dead = expired.slice(0, 100);
      const remove = dead.map((_, i) => `#m${i + 1}`).join(', ');
      const text = `${ttlMs} ${randomUUID()} ${says}`;
      const expression = `SET #m0 = :text${remove && ` REMOVE ${remove}`}`;
      const output = await send(update(expression, [me, ...dead], text));
      return look(getProperty(output, 'Attributes'));
    },
    async leave() {
      await send(update('REMOVE #m0', [me]));
    },
  };
}
