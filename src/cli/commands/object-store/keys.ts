import type { Command } from 'commander';
import { createKey } from './keys/create.ts';
import { listKeys } from './keys/list.ts';
import { revokeKey } from './keys/revoke.ts';
import { rotateKey } from './keys/rotate.ts';
import { showKey } from './keys/show.ts';

export function bucketKeys(buckets: Command): void {
  const keys = buckets
    .command('keys')
    .alias('credentials')
    .description('access keys: for one bucket with its name alone, and keys that reach less');
  showKey(keys);
  createKey(keys);
  listKeys(keys);
  rotateKey(keys);
  revokeKey(keys);
}
