import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('a log level that nobody knows is refused, with those that there are', () => {
  const level = (HOLDFAST_LOG_LEVEL: string) => readConfig({}, { HOLDFAST_LOG_LEVEL }).logLevel;
  expect(level('')).toBe('info');
  expect(level('debug')).toBe('debug');
  const refusal = { code: 'config.invalid', hint: expect.stringContaining('warn') };
  expect(() => level('loud')).toThrow(expect.objectContaining(refusal));
});
