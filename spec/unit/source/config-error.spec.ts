import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../lib/source/config-error.js';

describe('ConfigError', () => {
  it.each([
    ['path', 'expected a path, got 7', '- path: expected a path, got 7'],
    ['', 'expected an object, got null', '- config: expected an object, got null'],
    ['color', 'unknown key; known keys are a', '- "color": unknown key; known keys are a'],
    ['a\nb', 'unknown key; known keys are a', '- "a\\nb": unknown key; known keys are a'],
    ['', 'unknown key; known keys are a', '- "": unknown key; known keys are a'],
  ])('the issue of %j is one line', (path, message, line) => {
    const issues = [{ path, message }];
    const error = new ConfigError('resize', issues);
    expect(error.message).toBe(`resize: bad config\n${line}`);
    expect(error.issues).toEqual(issues);
    expect(error.name).toBe('ConfigError');
  });

  it('lists every issue, in order', () => {
    const error = new ConfigError('createStepFuncSource', [
      { path: 'b', message: 'expected 1' },
      { path: 'a', message: 'expected 2' },
    ]);
    expect(error.message.split('\n')).toEqual([
      'createStepFuncSource: bad config',
      '- b: expected 1',
      '- a: expected 2',
    ]);
  });
});
