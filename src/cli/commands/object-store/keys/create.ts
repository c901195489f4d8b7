import type { Command } from 'commander';
import { parseDuration } from '../../../../core/units.ts';
import { action, examples } from '../../../action.ts';
import { cliErrors } from '../../../errors.ts';
import { describeNewKey } from './describe-key.ts';

interface CreateOptions {
  readonly prefix?: string;
  readonly readOnly?: boolean;
  readonly writeOnly?: boolean;
  readonly allBuckets?: boolean;
  readonly expires?: string;
  readonly description?: string;
}

export function createKey(keys: Command): void {
  keys
    .command('create [bucket...]')
    .description('make a key for some buckets and print it, as variables of a shell; the secret is shown this once')
    .option('--prefix <prefix>', 'only for keys of objects that begin so')
    .option('--read-only', 'get and list, change nothing')
    .option('--write-only', 'put and delete, read nothing')
    .option('--all-buckets', 'every bucket, also later ones, as an operator')
    .option('--expires <duration>', 'end by itself: 12h, 30d')
    .option('--description <text>', 'what it is for')
    .addHelpText(
      'after',
      examples(
        'object-store keys create my-app-images --read-only --expires 30d',
        'object-store keys create my-app-images --prefix uploads/ --write-only --description camera > .env',
      ),
    )
    .action(
      action(async ({ api }, buckets: readonly string[], options: CreateOptions) => {
        const { description, expires } = options;
        const expiresInSeconds = expires === undefined ? undefined : Math.ceil(parseDuration(expires) / 1000);
        const json = { grants: grantsOf(buckets, options), description, expiresInSeconds };
        const data = await (await api.keys.$post({ json })).json();
        return { data, text: describeNewKey(data) };
      }),
    );
}

function grantsOf(buckets: readonly string[], { prefix, readOnly, writeOnly, allBuckets }: CreateOptions) {
  if (readOnly && writeOnly) throw cliErrors.usage('--read-only and --write-only exclude each other', 'leave both out');
  if (!allBuckets) {
    if (buckets.length === 0) throw cliErrors.usage('no bucket is named', 'name one or more, or pass --all-buckets');
    const access = readOnly ? ('read' as const) : writeOnly ? ('write' as const) : ('read-write' as const);
    return buckets.map((bucket) => ({ bucket, prefix, access }));
  }
  if (buckets.length > 0 || prefix !== undefined || readOnly || writeOnly) {
    throw cliErrors.usage('--all-buckets is for everything', 'name the buckets instead of it');
  }
  return '*' as const;
}
