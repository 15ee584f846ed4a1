import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activityAttributes, boundNames } from '../../../lib/opentelemetry/attributes.js';

it('activityAttributes names the system and the activity', () => {
  expect(activityAttributes('sum')).toEqual({
    'messaging.system': 'aws_step_functions',
    'messaging.destination.name': 'sum',
  });
});

describe('boundNames', () => {
  it('keeps the first names, and makes one of all that come later', () => {
    const bound = boundNames(2);
    expect(['a', 'b', 'a', 'c', 'd', 'b'].map(bound)).toEqual([
      'a',
      'b',
      'a',
      '_OTHER',
      '_OTHER',
      'b',
    ]);
  });

  it('keeps the names that are always kept, and does not count them', () => {
    const bound = boundNames(1, new Set(['own']));
    expect(['own', 'a', 'own', 'b'].map(bound)).toEqual(['own', 'a', 'own', '_OTHER']);
  });

  it('gives no more values than the limit, whatever names a component invents', () => {
    const always = new Set(['x', 'y']);
    fc.assert(
      fc.property(fc.nat(5), fc.array(fc.string({ maxLength: 2 })), (limit, names) => {
        const bound = boundNames(limit, always);
        const values = new Set(names.map(bound));
        const others = [...values].filter((value) => !always.has(value) && value !== '_OTHER');
        expect(others.length).toBeLessThanOrEqual(limit);
        for (const name of names) expect([name, '_OTHER']).toContain(bound(name));
      }),
    );
  });
});
