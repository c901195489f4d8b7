import { cpus } from 'node:os';
import { TestPlatform } from '../tests/support/test-platform.ts';
import { benchMemory } from './memory.ts';
import { parseMatrixArguments, parseMemoryArguments, USAGE, UsageError } from './objects/arguments.ts';
import { benchObjectMatrix } from './objects/matrix.ts';
import { benchObjects } from './objects.ts';
import { benchIdleMemory, benchRedeploy } from './platform.ts';

async function benchPlatform(): Promise<void> {
  console.log(`${cpus().length} cores, Node ${process.version}; clients on the same machine`);
  await using platform = await TestPlatform.start({ machineHome: true, logLevel: 'info' });
  await benchRedeploy(platform);
  await benchIdleMemory(platform);
  await benchObjects(platform);
}

async function run([bench, ...options]: readonly string[]): Promise<void> {
  if (bench === undefined) return await benchPlatform();
  if (bench === 'memory') return await benchMemory(parseMemoryArguments(options));
  if (bench !== 'objects') throw new UsageError(`there is no bench "${bench}"`);
  await benchObjectMatrix(parseMatrixArguments(options));
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
