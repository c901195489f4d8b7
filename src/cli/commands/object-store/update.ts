import type { Command } from 'commander';
import { parseBytes } from '../../../core/units.ts';
import { action, examples } from '../../action.ts';
import { cliErrors } from '../../errors.ts';
import { describeStorage } from '../../output/describe-storage.ts';
import { append } from './create.ts';

interface UpdateOptions {
  readonly public?: boolean;
  readonly private?: boolean;
  readonly customDomain?: string[];
  readonly quota?: string;
}

const NONE = 'none';

export function updateBucket(buckets: Command): void {
  buckets
    .command('update <bucket>')
    .description(
      'change who may read a bucket, its domains or its quota; those of a bucket in an app file are changed there',
    )
    .option('--public', 'let anyone read its objects')
    .option('--private', 'let nobody read them without a key')
    .option(
      '--custom-domain <name>',
      'a domain of your own, in place of those before; may be given again, or none',
      append,
    )
    .option('--quota <size>', 'what its objects may take together: 50, 50GB or 64GiB; or none')
    .addHelpText(
      'after',
      examples(
        'object-store update site --public --custom-domain www.example.com',
        'object-store update site --quota none',
      ),
    )
    .action(
      action(async ({ api }, id: string, options: UpdateOptions) => {
        const data = await (await api.buckets[':id'].$patch({ param: { id }, json: changeOf(options) })).json();
        return { data, text: describeStorage(data) };
      }),
    );
}

/** @throws HoldfastError `usage` where nothing is named, or both of what exclude each other */
function changeOf(options: UpdateOptions) {
  if (options.public && options.private) throw cliErrors.usage('--public and --private exclude each other', 'name one');
  if (Object.keys(options).length === 0)
    throw cliErrors.usage('nothing is to be changed', 'see `holdfast object-store update --help`');
  const { quota, customDomain } = options;
  return {
    accessibility: accessibilityOf(options),
    quota: quota === undefined ? undefined : bytesOf(quota),
    domains: customDomain?.filter((name) => name !== NONE),
  };
}

function accessibilityOf(options: UpdateOptions): 'public' | 'private' | undefined {
  if (options.public) return 'public';
  return options.private ? 'private' : undefined;
}

function bytesOf(quota: string): number | null {
  return quota === NONE ? null : parseBytes(quota, 'GB');
}
