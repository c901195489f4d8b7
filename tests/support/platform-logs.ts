import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { onTestFailed } from 'vitest';
import type { TestPlatform } from './test-platform.ts';

const PLATFORM_LINES = 200;
const INSTANCE_LINES = 20;
/** Pino's number of `info`. */
const INFO = 30;

/** Prints what the platform and its instances have logged when the running test fails. */
export function showLogsOnFailure(platform: TestPlatform): void {
  let logs = '';
  platform.atEnd(async () => {
    logs = await readLogs(platform.dataDirectory);
  });
  onTestFailed(() => console.error(logs));
}

async function readLogs(dataDirectory: string): Promise<string> {
  const platform = await readLines(join(dataDirectory, 'logs', 'platform.log'));
  const sections = [`--- platform.log\n${platform.filter(isNotable).slice(-PLATFORM_LINES).join('\n')}`];
  const instances = join(dataDirectory, 'services', 'logs');
  for (const name of (await readdir(instances, { recursive: true }).catch(() => [])).sort()) {
    if (!name.endsWith('.log')) continue;
    sections.push(
      `--- ${basename(name)}\n${(await readLines(join(instances, name))).slice(-INSTANCE_LINES).join('\n')}`,
    );
  }
  return sections.join('\n');
}

async function readLines(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8').catch(() => '')).trimEnd().split('\n');
}

/** What is no JSON is a process's last words. */
function isNotable(line: string): boolean {
  const level = /^\{"level":(\d+)/.exec(line)?.[1];
  return level === undefined || Number(level) >= INFO;
}
