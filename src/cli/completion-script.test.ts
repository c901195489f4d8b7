import { beforeAll, describe, expect, it } from 'vitest';
import { exec } from '../core/exec.ts';
import { completionScript } from './completion-script.ts';
import { createProgram } from './program.ts';

describe('completion', () => {
  let script: string;
  beforeAll(async () => {
    script = completionScript(await createProgram({ version: '' }), 'bash');
  });

  /** What bash offers after `words`, of which the last is being typed. */
  async function complete(...words: string[]): Promise<string[]> {
    const program = `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await exec(['bash', '-c', program, 'bash', 'holdfast', ...words]);
    return stdout.split('\n').filter((word) => word !== '');
  }

  it('knows commands, aliases and options at every depth', async () => {
    expect(await complete('vol')).toEqual(['volumes']);
    expect(await complete('volumes', 'snap')).toEqual(['snapshots']);
    expect(await complete('volumes', 'snapshots', '')).toEqual(expect.arrayContaining(['create', 'list']));
    expect(await complete('storage', 'pre')).toEqual(['presign']);
    expect(await complete('volumes', 'create', 'data', '--si')).toEqual(['--size']);
    expect(await complete('--app', 'photos', 'logs', '--fol')).toEqual(['--follow']);
    expect(await complete('deploy', 'nothing-like-it')).toEqual([]);
  });

  it('is written for zsh and fish too', async () => {
    const program = await createProgram({ version: '' });
    expect(completionScript(program, 'zsh')).toMatch(/^#compdef holdfast\n.*bashcompinit/s);
    const fish = completionScript(program, 'fish');
    expect(fish).toContain(`-n 'test (__holdfast_path) = holdfast/storage' -f -a presign -d `);
    expect(fish).toContain("holdfast/logs' -l follow -s f -d ");
  });
});
