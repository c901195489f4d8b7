import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { formatBytes } from '../../../core/units.ts';
import { action, examples } from '../../action.ts';
import { cliErrors } from '../../errors.ts';
import { startProgress } from '../../output/progress.ts';
import { withBucket } from './open-bucket.ts';

interface PutOptions {
  readonly contentType?: string;
}

export function putObject(buckets: Command): void {
  buckets
    .command('put <bucket> <file> [key]')
    .description('upload a file, or with - the input; the key defaults to the name of the file')
    .option('--content-type <type>', 'default: by the name')
    .addHelpText(
      'after',
      examples('object-store put my-app-images cat.jpg', 'object-store put my-app-images - notes.txt < notes.txt'),
    )
    .action(
      action(async ({ api }, bucket: string, file: string, key: string | undefined, { contentType }: PutOptions) => {
        const name = key ?? (file === '-' ? undefined : basename(file));
        if (name === undefined) throw cliErrors.usage('the input has no name', 'give the key after the -');
        const { stream, size } = await openFile(file);
        const progress = startProgress(`Uploading ${name}`);
        try {
          const data = await withBucket(api, bucket, (storage) =>
            storage.put(name, stream, {
              contentType,
              onProgress: ({ loaded, total }) => progress.update(loaded, total ?? size),
            }),
          );
          return { data, text: `${bucket}/${data.key} is stored: ${formatBytes(data.size)}, ${data.type}` };
        } finally {
          progress.end();
        }
      }),
    );
}

async function openFile(file: string): Promise<{ stream: NodeJS.ReadableStream; size: number | undefined }> {
  if (file === '-') return { stream: process.stdin, size: undefined };
  try {
    const about = await stat(file);
    if (!about.isFile()) throw new Error('it is not a file');
    return { stream: createReadStream(file), size: about.size };
  } catch (error) {
    throw cliErrors.unreadable(file, error as Error);
  }
}
