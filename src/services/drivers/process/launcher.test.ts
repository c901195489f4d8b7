import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isLauncher, launcherArgv, parseExitFile } from './launcher.ts';

async function launch(command: readonly string[], { withTicket = true } = {}) {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'holdfast launcher '));
  const [ticket, started, exit] = ['ticket.1', 'started', 'exit'].map((name) => join(directory.path, name));
  const files = { ticket: ticket ?? '', started: started ?? '', exit: exit ?? '' };
  if (withTicket) await writeFile(files.ticket, '');
  const [program = '', ...args] = launcherArgv(files, command);
  const output = await new Promise<string>((resolve) => {
    execFile(program, args, (_error, stdout) => resolve(stdout));
  });
  const exitCode = existsSync(files.exit) ? parseExitFile(await readFile(files.exit, 'utf8')) : undefined;
  return { output, exitCode, started: existsSync(files.started) };
}

describe('launcher', () => {
  it('passes arguments on as they are, and writes down the exit code', async () => {
    const args = ['a b', '$HOME', "it's", '', '*', '-n'];
    const { output, exitCode } = await launch([
      process.execPath,
      '-e',
      'console.log(JSON.stringify(process.argv.slice(1))); process.exitCode = 7;',
      '--',
      ...args,
    ]);
    expect(JSON.parse(output)).toEqual(args);
    expect(exitCode).toBe(7);
  });

  it('runs nothing without its ticket', async () => {
    expect(await launch(['echo', 'run'], { withTicket: false })).toEqual({
      output: '',
      exitCode: undefined,
      started: false,
    });
  });

  it('tells an exit from a death by signal', async () => {
    expect((await launch(['sh', '-c', 'kill -TERM $$'])).exitCode).toBeNull();
    expect((await launch(['sh', '-c', 'exit 0'])).exitCode).toBe(0);
    expect(parseExitFile('255\n')).toBe(255);
    expect(parseExitFile('137\n')).toBeNull();
    expect(parseExitFile('')).toBeUndefined();
    expect(parseExitFile('13')).toBeUndefined();
  });

  it('is known by its ticket', () => {
    const argv = launcherArgv({ ticket: '/d/ticket.ab', started: '/d/started', exit: '/d/exit' }, ['node']);
    expect(isLauncher(argv, '/d/ticket.ab')).toBe(true);
    expect(isLauncher(argv, '/d/ticket.a')).toBe(false);
    expect(isLauncher(['sh', '-c', 'echo /d/ticket.ab '], '/d/ticket.ab')).toBe(false);
  });
});
