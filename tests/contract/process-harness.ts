import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openProcessDriver, type ProcessDriverOptions } from '../../src/services/drivers/process/process-driver.ts';
import type { InstanceSpec } from '../../src/services/service-driver.ts';
import type { AppBehaviour, ServiceDriverHarness } from './service-driver.contract.ts';

export interface ProcessHarness extends ServiceDriverHarness {
  readonly root: string;
  readonly driverDirectory: string;
  /** An app whose entry is this module. */
  script(source: string): Promise<Pick<InstanceSpec, 'rootDirectory' | 'command'>>;
}

export async function openProcessHarness(options: Partial<ProcessDriverOptions> = {}): Promise<ProcessHarness> {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-driver-'));
  const driverDirectory = join(root, 'data', 'services');
  let apps = 0;
  const script = async (source: string) => {
    const rootDirectory = join(root, `app-${apps++}`);
    await mkdir(rootDirectory);
    await writeFile(join(rootDirectory, 'main.mjs'), source);
    return { rootDirectory, command: ['node', 'main.mjs'] };
  };
  return {
    root,
    driverDirectory,
    script,
    app: (behaviour) => script(sourceOf(behaviour)),
    open: () => openProcessDriver({ directory: driverDirectory, ...options }),
    close: () => rm(root, { recursive: true, force: true }),
  };
}

function sourceOf({ output = [], status, exitCode, ignoresSigterm = false }: AppBehaviour): string {
  return [
    `import { createServer } from 'node:http';`,
    `for (const line of ${JSON.stringify(output)}) console.log(line);`,
    exitCode === undefined ? '' : `process.exit(${exitCode});`,
    `process.on('SIGTERM', () => { ${ignoresSigterm ? '' : 'process.exit(0);'} });`,
    'setInterval(() => {}, 1000);',
    status === undefined
      ? ''
      : `createServer((req, res) => { res.writeHead(${status}).end(); }).listen(process.env.PORT, process.env.HOST);`,
  ].join('\n');
}

export function hasBubblewrap(): boolean {
  try {
    execFileSync('bwrap', ['--version']);
    return true;
  } catch {
    return false;
  }
}
