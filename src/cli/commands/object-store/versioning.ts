import { Argument, type Command } from 'commander';
import { text } from '../../../../sdk/src/xml.ts';
import { action, examples } from '../../action.ts';
import { withBucketRequests } from './open-bucket.ts';

const STATES = { enabled: 'Enabled', suspended: 'Suspended' } as const;

export function bucketVersioning(buckets: Command): void {
  buckets
    .command('versioning <bucket>')
    .description('print or set whether what is overwritten and deleted is kept')
    .addArgument(new Argument('[state]', 'without it: print').choices(Object.keys(STATES)))
    .addHelpText(
      'after',
      examples('object-store versioning my-app-images', 'object-store versioning my-app-images enabled'),
    )
    .action(
      action(({ api }, bucket: string, state: keyof typeof STATES | undefined) =>
        withBucketRequests(api, bucket, async (s3) => {
          const query = { versioning: '' };
          if (state === undefined) {
            const answer = await s3.send({ method: 'GET', query });
            const versioning = text(answer.text, 'Status')?.toLowerCase() ?? 'off';
            return { data: { bucket, versioning }, text: versioning };
          }
          const body = `<VersioningConfiguration><Status>${STATES[state]}</Status></VersioningConfiguration>`;
          await s3.send({ method: 'PUT', query, body: Buffer.from(body) });
          return { data: { bucket, versioning: state }, text: `Versioning of ${bucket} is ${state}.` };
        }),
      ),
    );
}
