import { basename, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { PutResult, Storage, UploadProgress } from '../../../../sdk/src/index.ts';
import { formatBytes } from '../../../core/units.ts';
import { type Answer, action, examples } from '../../action.ts';
import { type CustomerKeyOption, customerKeyOption, readCustomerKey } from '../../customer-key.ts';
import { cliErrors } from '../../errors.ts';
import { untilInterrupted } from '../../interruption.ts';
import { startProgress } from '../../output/progress.ts';
import { asDirectory } from '../../transfer/location.ts';
import { uploadFile } from '../../transfer/upload-file.ts';
import type { UploadSettings } from '../../transfer/upload-settings.ts';
import { aboutReadable } from '../../user-files.ts';
import { CANNED_ACLS, type CannedAcl } from './acl.ts';
import { collectPairs, type Pairs } from './named-values.ts';
import { withBucket } from './open-bucket.ts';
import { refuseTreeOptions, runTransfer, type TreeOptions, treeOptions } from './transfer-command.ts';

interface PutOptions extends TreeOptions, CustomerKeyOption {
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly contentDisposition?: string;
  readonly contentEncoding?: string;
  readonly metadata?: Pairs;
  readonly tag?: Pairs;
  readonly acl?: CannedAcl;
  readonly recursive?: boolean;
}

export function putObject(buckets: Command): void {
  const command = buckets
    .command('put <bucket> <file> [key]')
    .description('upload a file, or with - the input; the key defaults to the name of the file, also behind a /')
    .option('--content-type <type>', 'default: by the name')
    .option('--cache-control <value>', 'what browsers and caches are told, such as max-age=3600')
    .option('--content-disposition <value>', 'what browsers do with it, such as attachment; filename="cat.jpg"')
    .option('--content-encoding <value>', 'what it was packed with, such as gzip')
    .option('--metadata <name=value>', 'what is kept with it; may be given again', collectPairs)
    .option('--tag <name=value>', 'a tag of it; may be given again', collectPairs)
    .addOption(new Option('--acl <acl>', 'who may read it without a policy').choices(CANNED_ACLS))
    .option('-r, --recursive', 'a directory with all that is below it; the key is the prefix of theirs');
  treeOptions(customerKeyOption(command))
    .addHelpText(
      'after',
      examples(
        'object-store put my-app-images cat.jpg',
        'object-store put my-app-images cat.jpg users/1/',
        'object-store put my-app-images - notes.txt < notes.txt',
        'object-store put my-app-images ./photos -r',
      ),
    )
    .action(
      action(({ api }, bucket: string, file: string, key: string | undefined, options: PutOptions) =>
        untilInterrupted(
          async (signal) => {
            const customerKey = await readCustomerKey(options.sseCKeyFile);
            const settings = settingsOf(options);
            const put = (storage: Storage) => {
              if (options.recursive)
                return putDirectory(storage, { directory: file, prefix: key, signal, settings, ...options });
              refuseTreeOptions(options);
              return putOne(storage, { file, key: keyOf(file, key), signal, settings });
            };
            return withBucket(api, bucket, put, { customerKey });
          },
          { goesOn: file !== '-' },
        ),
      ),
    );
}

function settingsOf(options: PutOptions): UploadSettings {
  const { contentType, cacheControl, contentDisposition, contentEncoding, metadata, tag: tags, acl } = options;
  return { contentType, cacheControl, contentDisposition, contentEncoding, metadata, tags, acl };
}

function putDirectory(
  storage: Storage,
  {
    directory,
    prefix = basename(resolve(directory)),
    settings,
    ...options
  }: TreeOptions & {
    readonly directory: string;
    readonly prefix: string | undefined;
    readonly settings: UploadSettings;
    readonly signal: AbortSignal;
  },
): Promise<Answer> {
  const from = { kind: 'directory', path: directory } as const;
  const to = { kind: 'bucket', storage, prefix: asDirectory(prefix), settings } as const;
  return runTransfer({ ...options, from, to, compare: 'all' });
}

interface FilePut {
  readonly file: string;
  readonly key: string;
  readonly settings: UploadSettings;
  readonly signal: AbortSignal;
}

async function putOne(storage: Storage, put: FilePut): Promise<Answer> {
  const { file, key } = put;
  const size = file === '-' ? undefined : await sizeOf(file);
  const progress = startProgress(`Uploading ${key}`);
  let resumed = 0;
  const onProgress = (latest: UploadProgress) => {
    resumed = latest.resumed;
    const total = latest.total ?? size;
    progress.update(latest.loaded - resumed, total === undefined ? undefined : total - resumed);
  };
  try {
    const stored = await send(storage, { ...put, onProgress });
    const before = resumed > 0 ? `, ${formatBytes(resumed)} of it before` : '';
    const text = `${storage.bucket}/${key} is stored: ${formatBytes(stored.size)}${before}, ${stored.type}`;
    return { data: { ...stored, resumed }, text };
  } finally {
    progress.end();
  }
}

function send(
  storage: Storage,
  { file, key, settings, ...put }: FilePut & { readonly onProgress: (progress: UploadProgress) => void },
): Promise<PutResult> {
  if (file === '-') return storage.put(key, process.stdin, { ...settings, ...put });
  return uploadFile(storage, { ...put, key, settings, path: file });
}

/** One that ends in `/` takes the file under its own name, as `cp` has it. */
function keyOf(file: string, key = ''): string {
  if (key !== '' && !key.endsWith('/')) return key;
  if (file === '-') throw cliErrors.usage('the input has no name', 'give the whole key after the -');
  return key + basename(resolve(file));
}

async function sizeOf(file: string): Promise<number> {
  const about = await aboutReadable(file);
  if (about.isDirectory()) throw cliErrors.usage(`${file} is a directory`, 'add --recursive to upload what is in it');
  if (about.isFile()) return about.size;
  throw cliErrors.usage(`${file} is not a file`, `upload what comes out of it: put <bucket> - <key> < ${file}`);
}
