import { constants, cp } from 'node:fs/promises';
import { platform } from 'node:process';
import { HoldfastError } from '../../core/errors.ts';
import { exec } from '../../core/exec.ts';

/**
 * Copies the directory `from` to the absent `to`: modes, times, links and, as
 * root, owners; sharing blocks where the file system can (FICLONE).
 * @throws HoldfastError `disk.full`
 */
export async function copyTree(from: string, to: string): Promise<void> {
  try {
    await ((await hasGnuCp()) ? exec(gnuCopyArgv(from, to)) : copyByNode(from, to));
  } catch (error) {
    throw asDiskError(error);
  }
}

/** cp(1) of GNU coreutils also keeps holes, hard links and extended attributes. */
export function gnuCopyArgv(from: string, to: string): string[] {
  return ['cp', '--archive', '--reflink=auto', '--sparse=auto', '--no-target-directory', '--', from, to];
}

let gnuCp: Promise<boolean> | undefined;

function hasGnuCp(): Promise<boolean> {
  if (platform !== 'linux') return Promise.resolve(false);
  gnuCp ??= exec(['cp', '--version']).then(
    ({ stdout }) => stdout.includes('GNU coreutils'),
    () => false,
  );
  return gnuCp;
}

export async function copyByNode(from: string, to: string): Promise<void> {
  await cp(from, to, {
    recursive: true,
    preserveTimestamps: true,
    verbatimSymlinks: true,
    errorOnExist: true,
    force: false,
    mode: constants.COPYFILE_FICLONE,
  });
}

/** cp(1) says ENOSPC and EDQUOT in words only. */
function asDiskError(error: unknown): HoldfastError {
  const known = HoldfastError.from(error);
  if (!/no space left on device|disk quota exceeded/i.test(known.message)) return known;
  return HoldfastError.from(Object.assign(new Error(known.message), { code: 'ENOSPC' }));
}
