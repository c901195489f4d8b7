import { appendFile, mkdtempDisposable, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { LogOptions } from '../../service-driver.ts';
import { LogFile } from './log-file.ts';

async function openLog(content: string | Uint8Array) {
  const directory = await mkdtempDisposable(join(tmpdir(), 'holdfast-log-'));
  const path = join(directory.path, 'x.log');
  await writeFile(path, content);
  return { path, log: new LogFile(path), [Symbol.asyncDispose]: () => directory.remove() };
}

async function lines(log: LogFile, options?: LogOptions): Promise<string[]> {
  return await Array.fromAsync(log.lines(systemClock, options));
}

describe('LogFile', () => {
  it('gives lines, the unended last one too', async () => {
    await using file = await openLog('one\r\ntwo\n\nlast');
    expect(await lines(file.log)).toEqual(['one', 'two', '', 'last']);
    expect(await lines(file.log, { tail: 2 })).toEqual(['', 'last']);
    expect(await lines(file.log, { tail: 9 })).toEqual(['one', 'two', '', 'last']);
    expect(await lines(new LogFile('/nonexistent/x.log'))).toEqual([]);
  });

  it('takes what is not UTF-8, and characters that lie across chunks', async () => {
    const broken = Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a]);
    await using file = await openLog(Buffer.concat([broken, Buffer.from(`${'ä'.repeat(100_000)}\n`)]));
    expect(await lines(file.log)).toEqual(['a\ufffd\ufffdb', 'ä'.repeat(100_000)]);
  });

  it('cuts a line without end', async () => {
    await using file = await openLog('x'.repeat(1_000_000));
    const parts = await lines(file.log);
    expect(parts.join('')).toHaveLength(1_000_000);
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(400_000);
  });

  it('rotates above the limit only, into one older part', async () => {
    await using file = await openLog('1\n2\n');
    file.log.rotate(4);
    expect(await readFile(file.path, 'utf8')).toBe('1\n2\n');
    file.log.rotate(3);
    await appendFile(file.path, '3\n');
    expect(await lines(file.log)).toEqual(['1', '2', '3']);
    file.log.rotate(1);
    await appendFile(file.path, '4\n');
    expect(await lines(file.log)).toEqual(['3', '4']);
    expect(await lines(file.log, { tail: 1 })).toEqual(['4']);
    expect((await stat(`${file.path}.1`)).size).toBe(2);
  });

  it('follows over a rotation', async () => {
    await using file = await openLog('1\n');
    const abort = new AbortController();
    const followed = file.log.lines(systemClock, { follow: true, signal: abort.signal });
    const next = async () => (await followed.next()).value;
    expect(await next()).toBe('1');
    await appendFile(file.path, '2\n');
    file.log.rotate(1);
    await appendFile(file.path, '3 is longer than what was there before\n');
    expect([await next(), await next()]).toEqual(['2', '3 is longer than what was there before']);
    const end = followed.next();
    abort.abort();
    expect((await end).done).toBe(true);
  });
});
