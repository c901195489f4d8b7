import { realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { Storage, StorageReader } from '../../../../sdk/src/index.ts';
import { formatBytes } from '../../../core/units.ts';
import { type Answer, action, examples } from '../../action.ts';
import { type CustomerKeyOption, customerKeyOption, readCustomerKey } from '../../customer-key.ts';
import { cliErrors } from '../../errors.ts';
import { untilInterrupted } from '../../interruption.ts';
import { startProgress } from '../../output/progress.ts';
import { downloadFile } from '../../transfer/download-file.ts';
import { asDirectory } from '../../transfer/location.ts';
import { whyNoPath } from '../../transfer/target-directory.ts';
import { unwritable } from '../../user-files.ts';
import { whatIsMissing } from './missing-object.ts';
import { objectVersion } from './name-of-object.ts';
import { readerOf, withBucket } from './open-bucket.ts';
import { refuseTreeOptions, runTransfer, type TreeOptions, treeOptions } from './transfer-command.ts';

interface GetOptions extends TreeOptions, CustomerKeyOption {
  readonly recursive?: boolean;
  readonly versionId?: string;
  readonly snapshot?: string;
}

export function getObject(buckets: Command): void {
  const command = objectVersion(buckets.command('get <bucket> <key> [file]'))
    .description('download an object to a file or a directory, or with - to the output; default: the name in the key')
    .option('--snapshot <snapshot>', 'what a snapshot has, by id or name')
    .option('-r, --recursive', 'the key is a prefix: everything below it, to a directory');
  treeOptions(customerKeyOption(command))
    .addHelpText(
      'after',
      examples(
        'object-store get my-app-images users/1/cat.jpg',
        'object-store get my-app-images notes.txt - | wc',
        'object-store get my-app-images users/ ./users -r',
      ),
    )
    .action(
      action(({ api }, bucket: string, key: string, file: string | undefined, options: GetOptions) =>
        untilInterrupted(
          async (signal) => {
            const customerKey = await readCustomerKey(options.sseCKeyFile);
            const get = (present: Storage) => {
              const storage = readerOf(present, options.snapshot);
              if (options.recursive) return getTree(storage, { prefix: key, directory: file, signal, ...options });
              refuseTreeOptions(options);
              const wanted = { key, versionId: options.versionId, signal };
              const missing = () => whatIsMissing(present, { key, ...options });
              return file === '-' ? print(storage, wanted, missing) : getOne(storage, { ...wanted, file }, missing);
            };
            return withBucket(api, bucket, get, { customerKey });
          },
          { goesOn: file !== '-' },
        ),
      ),
    );
}

interface Wanted {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly signal: AbortSignal;
}

function getTree(
  storage: StorageReader,
  {
    prefix,
    directory,
    ...options
  }: TreeOptions & { readonly prefix: string; readonly directory: string | undefined; readonly signal: AbortSignal },
): Promise<Answer> {
  const to = { kind: 'directory', path: directory ?? localName(prefix || storage.bucket) } as const;
  const from = { kind: 'bucket', storage, prefix: asDirectory(prefix) } as const;
  return runTransfer({ ...options, from, to, compare: 'all' });
}

type Missing = () => Promise<Error>;

async function print(storage: StorageReader, { key, ...options }: Wanted, missing: Missing): Promise<undefined> {
  const object = await storage.open(key, options);
  if (!object) throw await missing();
  await pipeline(object.stream(), process.stdout, { end: false, signal: options.signal });
}

async function getOne(
  storage: StorageReader,
  { key, file, versionId, signal }: Wanted & { readonly file: string | undefined },
  missing: Missing,
): Promise<Answer> {
  const object = await storage.head(key, { versionId, signal });
  if (!object) throw await missing();
  const path = await targetPath(key, file);
  const progress = startProgress(`Downloading ${key}`);
  let [received, resumed] = [0, 0];
  try {
    await downloadFile(storage, {
      object: { ...object, versionId },
      path: await realpath(path).catch(() => path), // a link stays one
      signal,
      onBytes: (bytes) => {
        received += bytes.received;
        resumed = bytes.received === 0 ? bytes.resumed : resumed;
        progress.update(received, object.size - resumed);
      },
    });
  } catch (error) {
    throw await unwritable(path, error);
  } finally {
    progress.end();
  }
  const { size, type, etag } = object;
  const before = resumed > 0 ? `, ${formatBytes(resumed)} of it before` : '';
  return {
    data: { bucket: storage.bucket, key, file: path, size, type, etag, resumed },
    text: `${path}: ${formatBytes(size)}${before}`,
  };
}

/** A directory takes the object under its own name, as `cp` has it. What is no file would be lost under one. */
async function targetPath(key: string, file = localName(key)): Promise<string> {
  const isDirectory = file.endsWith('/') || (await stat(file).catch(() => undefined))?.isDirectory();
  const path = isDirectory ? join(file, localName(key)) : file;
  const there = await stat(path).catch(() => undefined);
  if (there === undefined || there.isFile()) return path;
  if (there.isDirectory()) throw cliErrors.usage(`${path} is a directory`, 'name a file');
  throw cliErrors.usage(`${path} is not a file`, `write into it: get <bucket> <key> - > ${path}`);
}

function localName(key: string): string {
  const name = basename(key);
  if (name !== '' && whyNoPath(name) === undefined) return name;
  throw cliErrors.usage(`"${key}" gives no name for a file`, 'name the file after the key');
}
