import type { Universe } from '../engine/universe.js';

export type Item = Record<string, { S?: string; N?: string }>;

/** What a command of the SDK asks for, as far as the locks use it. */
export interface Input {
  Key?: Item;
  Item?: Item;
  ConsistentRead?: boolean;
  UpdateExpression?: string;
  ConditionExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Item;
}

export interface Row {
  item: Item;
  /** Who has written it last. */
  machine: string;
  /**
   * When it was written first as it is. The client may send a write twice, and the second one may come
   * late: nobody can see that one, and its sender counts from the sending.
   */
  writtenAt: number;
}

export type Answer = { output: object } | { error: Error; afterMs?: number };

/** How many writes are remembered, for reads that lag. */
const HISTORY = 200;

/**
 * Items by their partition key `name`, with conditional writes. `onTaken` hears of each one that takes
 * the place of another owner's, before it does.
 */
export function createTable(
  universe: Universe,
  onTaken: (name: string, from: Row, machine: string) => void,
) {
  const rows = new Map<string, Row>();
  const history: { at: number; name: string; before: Row | undefined }[] = [];

  /** What was there then, as far as it is remembered. */
  function rowAt(name: string, time: number): Row | undefined {
    const later = history.find((write) => write.name === name && write.at > time);
    return later === undefined ? rows.get(name) : later.before;
  }

  function write(name: string, item: Item | undefined, machine: string): void {
    history.push({ at: universe.now(), name, before: rows.get(name) });
    if (history.length > HISTORY) history.shift();
    if (item === undefined) rows.delete(name);
    else rows.set(name, { item, machine, writtenAt: writtenAt(rows.get(name), item) });
  }

  function writtenAt(before: Row | undefined, item: Item): number {
    const version = item['version']?.S;
    const isAgain = version !== undefined && version === before?.item['version']?.S;
    return isAgain ? before.writtenAt : universe.now();
  }

  return {
    row: (name: string): Row | undefined => rows.get(name),
    /** Does what a command asks for. An eventually consistent read sees what was there `lagMs` ago. */
    perform(operation: string, input: Input, machine: string, lagMs: number): Answer {
      const name = (input.Key ?? input.Item)?.['name']?.S ?? '';
      const item = rows.get(name)?.item;
      if (operation === 'GetItemCommand') {
        const isConsistent = input.ConsistentRead === true || lagMs === 0;
        const seen = isConsistent ? item : rowAt(name, universe.now() - lagMs)?.item;
        return { output: seen === undefined ? {} : { Item: seen } };
      }
      if (!holds(input, item)) return { error: conditionFailed(item) };
      switch (operation) {
        case 'PutItemCommand': {
          const from = rows.get(name);
          if (from?.item['owner'] !== undefined) onTaken(name, from, machine);
          write(name, input.Item, machine);
          return { output: {} };
        }
        case 'DeleteItemCommand':
          write(name, undefined, machine);
          return { output: {} };
        case 'UpdateItemCommand': {
          const next = updated(input, item ?? { ...input.Key });
          write(name, next, machine);
          return { output: { Attributes: next } };
        }
        default:
          return { error: new Error(`The simulated DynamoDB knows no ${operation}`) };
      }
    },
  };
}

/** Of conditions it knows `attribute_not_exists(#a)`, and `#a = :b` and `#a <= :b` joined by AND. */
function holds(input: Input, item: Item | undefined): boolean {
  const { ConditionExpression: condition } = input;
  if (condition === undefined) return true;
  const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = input;
  const [, absent] = /^attribute_not_exists\((#\w+)\)$/.exec(condition) ?? [];
  if (absent !== undefined) return item?.[names[absent] ?? ''] === undefined;
  return condition.split(' AND ').every((part) => {
    const [left = '', operator = '', right = ''] = part.split(' ');
    const has = item?.[names[left] ?? '']?.S;
    const wanted = values[right]?.S;
    if (has === undefined || wanted === undefined) return false;
    return operator === '<=' ? has <= wanted : has === wanted;
  });
}

/** `SET #a = :b, … REMOVE #c, …` */
function updated(input: Input, item: Item): Item {
  const { UpdateExpression: expression = '' } = input;
  const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = input;
  const [, sets, removes] = /^(?:SET (.+?))?(?:(?:^| )REMOVE (.+))?$/.exec(expression) ?? [];
  const entries = new Map(Object.entries(item));
  for (const set of sets?.split(', ') ?? []) {
    const [left = '', right = ''] = set.split(' = ');
    entries.set(names[left] ?? '', values[right] ?? {});
  }
  for (const remove of removes?.split(', ') ?? []) entries.delete(names[remove] ?? '');
  return Object.fromEntries(entries);
}

function conditionFailed(item: Item | undefined): Error {
  const error = Object.assign(new Error('The conditional request failed'), { Item: item });
  error.name = 'ConditionalCheckFailedException';
  return error;
}
