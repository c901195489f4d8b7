import type { Command } from 'commander';
import type { StorageReader } from '../../../../sdk/src/index.ts';
import { parseDuration } from '../../../core/units.ts';
import { action, examples } from '../../action.ts';
import { note } from '../../session.ts';
import { withBucket } from './open-bucket.ts';

interface PresignOptions {
  readonly expiresIn: string;
  readonly upload?: boolean;
}

/** A store that does not say so in time has not said so: the URL is good without it. */
const LOOK_MS = 3000;

export function presignObject(buckets: Command): void {
  buckets
    .command('presign <bucket> <key>')
    .description('print a URL with which anyone can read the object for a while')
    .option('--expires-in <duration>', 'how long: 15m, 24h; at most 7d', '1h')
    .option('--upload', 'a URL to PUT the object instead')
    .addHelpText(
      'after',
      examples('object-store presign my-app-images cat.jpg', 'object-store presign my-app-images new.jpg --upload'),
    )
    .action(
      action(async ({ api }, bucket: string, key: string, { expiresIn, upload }: PresignOptions) => {
        const seconds = Math.round(parseDuration(expiresIn) / 1000);
        const url = await withBucket(api, bucket, async (storage) => {
          if (upload) return storage.uploadUrl(key, { expiresIn: seconds });
          const signed = storage.url(key, { expiresIn: seconds });
          if (await isAbsent(storage, key)) note(`there is no object "${key}" yet: until then it answers 404`);
          return signed;
        });
        return { data: { url, expiresIn: seconds }, text: url };
      }),
    );
}

function isAbsent(storage: StorageReader, key: string): Promise<boolean> {
  return storage.head(key, { signal: AbortSignal.timeout(LOOK_MS) }).then(
    (object) => object === null,
    () => false,
  );
}
