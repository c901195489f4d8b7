import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../tests/support/temporary-directory.ts';
import { acquireProcessLock } from './process-lock.ts';

test('one holder at a time', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'lock');
  const first = await acquireProcessLock(path);
  expect(first).toBeDefined();
  expect(await acquireProcessLock(path)).toBeUndefined();
  first?.release();
  const second = await acquireProcessLock(path);
  expect(second).toBeDefined();
  second?.release();
});

test('a killed holder gives it back', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'lock');
  const program = `
    import { acquireProcessLock } from ${JSON.stringify(new URL('./process-lock.ts', import.meta.url).href)};
    globalThis.lock = await acquireProcessLock(${JSON.stringify(path)});
    console.log('held');
    setInterval(() => {}, 1000);
  `;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  expect(await acquireProcessLock(path)).toBeUndefined();
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const lock = await acquireProcessLock(path, { waitMs: 5000 });
  expect(lock).toBeDefined();
  lock?.release();
});
