import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../../core/errors.ts';
import { progressLine, startProgress } from './progress.ts';
import { reportError } from './report-error.ts';
import { fields, table } from './table.ts';
import { ago, until } from './time.ts';

/** What a command writes to, as a terminal or not. */
function fakeStream(isTTY: boolean) {
  const written: string[] = [];
  const sink = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      written.push(text);
      done();
    },
  });
  const stream = Object.assign(sink, { isTTY }) as unknown as NodeJS.WriteStream;
  return { stream, text: () => written.join('') };
}

describe('progress', () => {
  it('says bytes, share, rate and time left', () => {
    const half = { done: 50e6, total: 200e6, ms: 5000 };
    expect(progressLine('Uploading', half)).toBe('Uploading 50 MB of 200 MB (25 %), 10 MB/s, 15s left');
    expect(progressLine('Uploading', { done: 2500, total: undefined, ms: 1000 })).toBe('Uploading 2.5 kB, 2.5 kB/s');
    expect(progressLine('Uploading', { done: 0, total: 0, ms: 0 })).toBe('Uploading 0 B, 0 B/s');
    expect(progressLine('Uploading', { done: 10, total: 10, ms: 1000 })).toBe('Uploading 10 B of 10 B (100 %), 10 B/s');
  });

  it('redraws one line on a terminal and writes one elsewhere', () => {
    for (const isTTY of [true, false]) {
      const { stream, text } = fakeStream(isTTY);
      const progress = startProgress('Uploading', stream);
      for (let done = 1; done <= 100; done++) progress.update(done, 100);
      progress.end();
      expect(text().split('\n')).toHaveLength(2);
      expect(text()).toContain('100 B');
      expect(text().includes('\r')).toBe(isTTY);
    }
  });
});

describe('tables', () => {
  it('align, whatever colour a cell has, and cut nothing', () => {
    const long = 'x'.repeat(200);
    const rows = [
      ['\x1b[32mok\x1b[39m', 'b', ''],
      ['a', long, 'end'],
    ];
    expect(table(['ONE', 'TWO', 'THREE'], rows, 'none')).toBe(
      [`ONE  TWO${' '.repeat(199)}THREE`, '\x1b[32mok\x1b[39m   b', `a    ${long}  end`].join('\n'),
    );
    expect(table(['ONE'], [], 'none')).toBe('none');
    expect(
      table(
        ['ONE', 'WHY'],
        [
          ['a', 'first\nsecond'],
          ['b', 'third'],
        ],
        '',
      ),
    ).toBe('ONE  WHY\na    first\n     second\nb    third');
    expect(
      fields([
        ['id', 'x'],
        ['region', 'ewr'],
      ]),
    ).toBe('id      x\nregion  ewr');
  });
});

describe('times', () => {
  it('are told by their largest unit', () => {
    const now = 1_000_000_000;
    expect(ago(now - 500, now)).toBe('just now');
    expect(ago(now + 500, now)).toBe('just now');
    expect(ago(now - 12_345, now)).toBe('12s ago');
    expect(ago(now - 200_000, now)).toBe('3m ago');
    expect(ago(now - 26 * 3600e3, now)).toBe('1d ago');
    expect(until(now + 23.5 * 3600e3, now)).toBe('in 23h');
    expect(until(now + 24 * 3600e3 - 2000, now)).toBe('in 1d');
    expect(until(now + 90e3, now)).toBe('in 1m');
    expect(until(now, now)).toBe('now');
  });
});

describe('errors', () => {
  it('are told once, with what to do, and give the exit code of their kind', () => {
    const { stream, text } = fakeStream(false);
    const error = new HoldfastError({ code: 'a.b', kind: 'conflict', message: 'it is in use', hint: 'stop it' });
    expect(reportError(error, stream)).toBe(5);
    expect(reportError(new Error('no idea'), stream)).toBe(1);
    expect(text()).toBe('error: it is in use\nhint:  stop it\nerror: no idea\n');
  });
});
