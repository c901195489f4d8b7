import { describe, expect, test } from 'vitest';
import { formatBytes, formatDuration, parseBytes, parseDuration } from './units.ts';

describe('bytes', () => {
  test.each([
    ['25GB', 25e9],
    ['25', 25e9],
    [1, 1e9],
    ['512MiB', 512 * 2 ** 20],
    ['1.5 GiB', 1.5 * 2 ** 30],
    ['0b', 0],
    ['10kb', 10_000],
  ])('%s', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test('a bare number counts in the unit of its place', () => {
    expect(parseBytes(512, 'MiB')).toBe(512 * 2 ** 20);
  });

  test.each(['', 'GB', '-1GB', '1e9', '25 gigs', 'NaN'])('%j is refused', (text) => {
    expect(() => parseBytes(text)).toThrow(/is not a size/);
  });

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [999_999, '1 MB'],
    [1_536_000, '1.54 MB'],
    [25e9, '25 GB'],
  ])('%d is shown as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('durations', () => {
  test.each([
    ['30', 30_000],
    ['250ms', 250],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['1.5s', 1500],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', '5 minutes', '-1s'])('%j is refused', (text) => {
    expect(() => parseDuration(text)).toThrow(/is not a duration/);
  });

  test.each([
    [12, '12ms'],
    [1234, '1.2s'],
    [90_000, '1m 30s'],
    [3_600_000, '1h'],
    [90_061_000, '1d 1h'],
  ])('%d ms is shown as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
