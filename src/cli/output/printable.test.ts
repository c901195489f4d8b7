import { expect, test } from 'vitest';
import { printable } from './printable.ts';

test('control characters are shown, all other text stays', () => {
  expect(printable('a\nb\r\t\u001b[31m\u0000\u007f\u009b')).toBe('a\\nb\\r\\t\\x1b[31m\\x00\\x7f\\x9b');
  expect(printable(' ü 漢字 "quoted" \\n')).toBe(' ü 漢字 "quoted" \\n');
});
