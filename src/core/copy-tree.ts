import { constants, cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { diskFull, HoldfastError } from './errors.ts';
import { exec } from './exec.ts';

export interface CopyOptions {
  /** Name of an entry at the top that is left out. */
  readonly except?: string | undefined;
}

/**
 * A copy of the directory `from` at `to`, which must not exist: modes, times,
 * links and, as root, owners; GNU cp(1) also keeps holes, hard links and extended
 * attributes. Blocks are shared where the file system can (FICLONE). cp takes a
 * fraction of the time of node's `cp` (3,000 files: 0.2 s against 2.8 s).
 * @throws HoldfastError `disk.full`; what was copied till then stays
 */
export async function copyTree(from: string, to: string, { except }: CopyOptions = {}): Promise<void> {
  if (!(await hasGnuCp())) return copyByNode(from, to, { except });
  try {
    if (except === undefined) await exec(gnuCopyArgv('--no-target-directory', '--', from, to));
    else await copyEntries(from, to, except);
  } catch (error) {
    // cp says ENOSPC and EDQUOT in words only.
    const full = error instanceof Error && /no space left on device|disk quota exceeded/i.test(error.message);
    throw full ? diskFull(error, to) : HoldfastError.from(error);
  }
}

async function copyEntries(from: string, to: string, except: string): Promise<void> {
  await mkdir(to);
  const names = (await readdir(from)).filter((name) => name !== except);
  if (names.length === 0) return;
  await exec(gnuCopyArgv(`--target-directory=${to}`, '--', ...names.map((name) => join(from, name))));
}

export function gnuCopyArgv(...rest: readonly string[]): string[] {
  return ['env', 'LC_ALL=C', 'cp', '--archive', '--reflink=auto', '--sparse=auto', ...rest];
}

let gnuCp: Promise<boolean> | undefined;

function hasGnuCp(): Promise<boolean> {
  gnuCp ??= exec(['cp', '--version']).then(
    ({ stdout }) => stdout.includes('GNU coreutils'),
    () => false,
  );
  return gnuCp;
}

export async function copyByNode(from: string, to: string, { except }: CopyOptions = {}): Promise<void> {
  try {
    await cp(from, to, {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
      errorOnExist: true,
      force: false,
      mode: constants.COPYFILE_FICLONE,
      filter: (source) => except === undefined || source !== join(from, except),
    });
  } catch (error) {
    throw HoldfastError.from(error);
  }
}

/** All that was written to the file system of `path` survives power loss: one syncfs(2) instead of an fsync a file. */
export async function syncFileSystem(path: string): Promise<void> {
  await exec(process.platform === 'linux' ? ['sync', '-f', path] : ['sync']);
}
