import { openEngine } from '../../src/objects/engine/open-object-store.ts';
import { storeSizes } from './object-engine-history.ts';

/** Opens the store in argv[2], and says how many objects are listed and read. Leaves the store unclosed. */
const [directory = ''] = process.argv.slice(2);
const store = await openEngine({ directory, ...storeSizes });
const { objects } = await store.list({ bucket: 'data', limit: 10_000 });
for (const { key } of objects) {
  const object = await store.open('data', key);
  await Array.fromAsync(object.body());
  object.release();
}
process.stdout.write(String(objects.length), () => process.exit());
