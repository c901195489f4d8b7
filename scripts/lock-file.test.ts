import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { missingEntries, readLock } from './complete-lock.mjs';

const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));

test('npm ci finds every package that the lock file asks for; `node scripts/complete-lock.mjs` adds what is missing', () => {
  expect([...missingEntries(readLock(path)).keys()]).toEqual([]);
});

test('the lock file names no download host', () => {
  expect(readFileSync(path, 'utf8')).not.toMatch(/"resolved": "https?:/);
});
