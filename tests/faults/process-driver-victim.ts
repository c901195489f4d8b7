import { newId } from '../../src/core/ids.ts';
import { openProcessDriver } from '../../src/services/drivers/process/process-driver.ts';

/** A platform that does nothing but start, stop and remove instances until it is killed. */
const [directory = '', rootDirectory = '', sandbox = 'auto', mark = ''] = process.argv.slice(2);
const driver = await openProcessDriver({ directory, sandbox: sandbox === 'off' ? 'off' : 'auto' });
console.log('open');

async function live(): Promise<never> {
  for (;;) {
    const id = newId('ins');
    await driver.start({
      id,
      app: 'photos',
      service: 'web',
      release: '1',
      rootDirectory,
      command: ['node', 'main.mjs'],
      environment: { FAULT_MARK: mark },
      mounts: [],
      listens: true,
      limits: { cpu: 0.25, memoryBytes: 512 * 1024 * 1024 },
    });
    console.log(`started ${id}`);
    if (Math.random() < 0.3) continue; // some are left running
    await driver.stop(id, { graceMs: Math.random() < 0.5 ? 0 : 500 });
    console.log(`stopped ${id}`);
    if (Math.random() < 0.7) await driver.remove(id);
  }
}

await Promise.all([live(), live()]);
