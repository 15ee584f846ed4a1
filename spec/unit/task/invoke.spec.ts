import { describe, expect, it } from 'vitest';
import { InvokeAbortError } from '../../../lib/task/invoke.js';

describe('InvokeAbortError', () => {
  it.each(['timeout', 'closed', 'leaseLost', 'stopped'] as const)(
    'S2, T8, T9, L5: has the code %s, and passes for an abort',
    (code) => {
      const reason = new InvokeAbortError(code, 'why');
      expect(reason).toBeInstanceOf(Error);
      expect(reason).toMatchObject({ name: 'AbortError', code, message: 'why' });
      expect(String(reason)).toBe('AbortError: why');
    },
  );
});
