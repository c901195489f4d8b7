import type { Command } from 'commander';
import { action, examples } from '../../action.ts';

export function bucketKeys(buckets: Command): void {
  buckets
    .command('keys <bucket>')
    .alias('credentials')
    .description('print S3 credentials for one bucket, as variables of a shell')
    .addHelpText('after', examples('object-store keys my-app-images', 'object-store keys my-app-images > .env'))
    .action(
      action(async ({ api }, id: string) => {
        const data = await (await api.buckets[':id'].credentials.$get({ param: { id } })).json();
        const variables = {
          BUCKET_NAME: data.bucket,
          AWS_ENDPOINT_URL_S3: data.endpoint,
          AWS_REGION: data.region,
          AWS_ACCESS_KEY_ID: data.accessKeyId,
          AWS_SECRET_ACCESS_KEY: data.secretAccessKey,
        };
        const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
        return { data, text: lines.join('\n') };
      }),
    );
}
