import { cpus } from 'node:os';
import { TestPlatform } from '../tests/support/test-platform.ts';
import { benchObjects } from './objects.ts';
import { benchIdleMemory, benchRedeploy } from './platform.ts';

console.log(`${cpus().length} cores, Node ${process.version}; clients on the same machine`);
await using platform = await TestPlatform.start({ machineHome: true });
await benchRedeploy(platform);
await benchIdleMemory(platform);
await benchObjects(platform);
