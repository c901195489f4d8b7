import type { Command } from 'commander';
import { destroyStorage } from '../storage/destroy.ts';
import { listStorage } from '../storage/list.ts';
import { recoverStorage } from '../storage/recover.ts';
import { showStorage } from '../storage/show.ts';
import { bucketConfigurations } from './configuration.ts';
import { createBucket } from './create.ts';
import { getObject } from './get.ts';
import { bucketKeys } from './keys.ts';
import { listObjects } from './ls.ts';
import { presignObject } from './presign.ts';
import { putObject } from './put.ts';
import { removeObjects } from './rm.ts';
import { scrubObjects } from './scrub.ts';
import { syncObjects } from './sync.ts';

export function objectStoreCommand(program: Command): void {
  const buckets = program.command('object-store');
  createBucket(buckets);
  listStorage(buckets, 'bucket');
  showStorage(buckets, 'bucket');
  destroyStorage(buckets, 'bucket');
  recoverStorage(buckets, 'bucket');
  bucketKeys(buckets);
  listObjects(buckets);
  putObject(buckets);
  getObject(buckets);
  syncObjects(buckets);
  removeObjects(buckets);
  presignObject(buckets);
  bucketConfigurations(buckets);
  scrubObjects(buckets);
}
