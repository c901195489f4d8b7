import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { waitUntil } from '../../../core/retry.ts';
import { openProcessTable, parseProcStat, parsePsLine } from './process-table.ts';

describe('process table', () => {
  it('reads a stat whose name looks like fields', () => {
    const rest = Array.from({ length: 30 }, (_, i) => 100 + i); // fields 6 and on
    const text = `42 (a) Z 1 (x) S 7 42 ${rest.join(' ')}`;
    expect(parseProcStat(text, 'boot')).toEqual({ pid: 42, parent: 7, group: 42, startTime: 'boot:116' });
    expect(parseProcStat('42 (a) Z 7 42 0', 'boot')).toBeUndefined();
    expect(parseProcStat('', 'boot')).toBeUndefined();
  });

  it('reads a line of ps', () => {
    const line = '  501   1   501 Ss   Tue Nov  3 09:15:00 2026';
    expect(parsePsLine(line)).toEqual({ pid: 501, parent: 1, group: 501, startTime: 'Tue Nov  3 09:15:00 2026' });
    expect(parsePsLine('501 1 501 Z Tue Nov  3 09:15:00 2026')).toBeUndefined();
    expect(parsePsLine('')).toBeUndefined();
  });

  it.each([process.platform, 'darwin'] as const)('finds a process and its end, as on %s', async (platform) => {
    const table = await openProcessTable(platform);
    const child = spawn('/bin/sh', ['-c', 'read line; exit 0', 'table-test'], {
      detached: true,
      env: { TABLE_TEST: 'yes' },
    });
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    await waitUntil(async () => (await table.commandLine(pid)).includes('table-test'), {
      timeoutMs: 60_000,
      what: 'exec',
    });
    const found = await table.find(pid);
    expect(found).toMatchObject({ pid, parent: process.pid, group: pid });
    expect(await table.all()).toContainEqual(found);
    if (platform === 'linux') expect((await table.environment(pid)).get('TABLE_TEST')).toBe('yes');
    child.stdin.end();
    await once(child, 'exit');
    expect(await table.find(pid)).toBeUndefined();
    expect(await table.commandLine(pid)).not.toContain('table-test');
  });
});
