import type { Command } from 'commander';
import { action, examples } from '../../action.ts';

interface ForkOptions {
  readonly snapshot?: string;
}

export function forkBucket(buckets: Command): void {
  buckets
    .command('fork <bucket> <new>')
    .description('create a bucket that begins with what another one holds, and copies nothing')
    .option('--snapshot <snapshot>', 'what it held then, by id or name; default: now')
    .addHelpText(
      'after',
      examples('object-store fork my-app-images try-out', 'object-store fork my-app-images before --snapshot monday'),
    )
    .action(
      action(async (session, bucket: string, name: string, { snapshot }: ForkOptions) => {
        const app = session.flags.app;
        const data = await (
          await session.api.buckets.$post({ json: { name, app, from: { bucket, snapshot } } })
        ).json();
        return { data, text: `The bucket ${data.name} (${data.id}) is a fork of ${bucket}.` };
      }),
    );
}
