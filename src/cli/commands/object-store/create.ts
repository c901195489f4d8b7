import type { Command } from 'commander';
import { parseBytes } from '../../../core/units.ts';
import { action, examples } from '../../action.ts';

interface CreateOptions {
  readonly public?: boolean;
  readonly website?: boolean;
  readonly quota?: string;
  readonly versioning?: boolean;
  readonly objectLock?: boolean;
  readonly customDomain?: string[];
}

export function createBucket(buckets: Command): void {
  buckets
    .command('create <name>')
    .description('create a bucket')
    .option('--public', 'let anyone read its objects')
    .option('--custom-domain <name>', 'serve it at a domain of your own as well; may be given again', append)
    .option('--website', 'show index.html for / and for paths that end in a slash')
    .option('--quota <size>', 'what its objects may take together: 50, 50GB or 64GiB; a bare number is GB')
    .option('--versioning', 'keep what is overwritten and deleted')
    .option('--object-lock', 'let versions be locked against deletion, for good; with versioning')
    .addHelpText(
      'after',
      examples(
        'object-store create my-app-images --app my-app',
        'object-store create site --public --website',
        'object-store create site --public --website --custom-domain www.example.com',
      ),
    )
    .action(
      action(async (session, name: string, options: CreateOptions) => {
        const app = await session.appIfNamed();
        const accessibility = options.public ? ('public' as const) : undefined;
        const json = {
          name,
          app,
          accessibility,
          versioning: options.versioning,
          objectLock: options.objectLock,
          website: options.website,
          quota: options.quota === undefined ? undefined : parseBytes(options.quota, 'GB'),
          domains: options.customDomain,
        };
        const data = await (await session.api.buckets.$post({ json })).json();
        const place = data.url === null ? '' : ` Its public address is ${data.url}`;
        const owner = data.app === null ? '' : ` for ${data.app}, whose services reach it from their next deploy on`;
        return { data, text: `The bucket ${data.name} (${data.id}) is there${owner}.${place}` };
      }),
    );
}

export function append(value: string, before: string[] = []): string[] {
  return [...before, value];
}
