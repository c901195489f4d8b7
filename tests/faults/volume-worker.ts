import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDirectoryVolumeDriver } from '../../src/volumes/drivers/directory-driver.ts';

/** Runs until it is killed: makes, fills, snapshots, copies and destroys volumes, and says what has been answered. */
const [, , directory = '', prefix = ''] = process.argv;
const FILES = 40;
const driver = createDirectoryVolumeDriver({ directory });
const say = (...words: string[]) => process.stdout.write(`${words.join(' ')}\n`);

say('ready');
for (let round = 0; ; round++) {
  const id = `${prefix}-${round}`;
  await driver.create({ id, sizeBytes: 1e9 });
  say('volume', id);
  const { hostPath } = await driver.attach(id, `holder-of-${id}`);
  say('attached', id);
  for (let i = 0; i < FILES; i++) await writeFile(join(hostPath, `${i}`), `${i}`.repeat(1000));
  await driver.snapshot(id, 'full');
  say('snapshot', id);
  const copy = `${id}-copy`;
  await driver.create({ id: copy, sizeBytes: 1e9, fromSnapshot: { volume: id, snapshot: 'full' } });
  say('volume', copy);
  await driver.detach(id, `holder-of-${id}`);
  say('detached', id);
  if (round % 2 === 1) {
    say('destroying', copy);
    await driver.destroy(copy);
    say('destroyed', copy);
  }
}
