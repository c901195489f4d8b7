import { join } from 'node:path';
import { exec } from '../../src/core/exec.ts';
import { repository, type TestPlatform } from './test-platform.ts';

export interface CleanClone {
  readonly path: string;
  /** The machine's own environment, npm's configuration included, pointed at the test's platform. */
  readonly env: NodeJS.ProcessEnv;
}

/** What a newcomer has: the committed files, nothing installed, the machine's own Node. */
export async function cleanClone(platform: TestPlatform): Promise<CleanClone> {
  const path = join(platform.directory, 'clone');
  await exec(['git', 'clone', '--quiet', repository, path]);
  const { HOME: _own, ...holdfast } = platform.env;
  return { path, env: { ...process.env, ...holdfast, PATH: machinePath() } };
}

/** PATH as on a fresh machine, without the pinned Node that runs this test. */
function machinePath(): string {
  const directories = (process.env.PATH ?? '').split(':');
  return directories.filter((directory) => !directory.includes('node_modules')).join(':');
}
