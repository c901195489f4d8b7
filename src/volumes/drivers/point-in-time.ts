import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { copyTree } from '../../core/copy-tree.ts';
import { HoldfastError } from '../../core/errors.ts';
import { removeTree, walkTree } from '../../core/file-tree.ts';

/**
 * Changes within one tick of the kernel's clock may get the same ctime, so a
 * tree is at rest only when its newest change is older than this. (Writes
 * through a shared mapping show in the ctime at the first touch of a page
 * after its write-back alone: an app that maps its files must be stopped.)
 */
const REST_MS = 50;
const ATTEMPTS = 5;

/**
 * Copies a tree that others may be writing to, as it was at one point in time:
 * a copy counts when the tree is the same after it as before it.
 * False when the tree changed during every attempt; nothing is left of them.
 */
export async function copyPointInTime(
  from: string,
  to: string,
  { clock, copy = copyTree }: { readonly clock: Clock; readonly copy?: typeof copyTree },
): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await restingState(from, clock);
    const copied = before !== undefined && (await copiedWholly(() => copy(from, to)));
    if (copied && (await stateOf(from)).digest === before) return true;
    await removeTree(to);
  }
  return false;
}

/** Files that vanish under the copy are a change, not a failure; a full disk is one. */
async function copiedWholly(copy: () => Promise<void>): Promise<boolean> {
  try {
    await copy();
    return true;
  } catch (error) {
    if (error instanceof HoldfastError && /no such file|ENOENT/i.test(error.message)) return false;
    throw error;
  }
}

/** The tree's state once it is at rest; `undefined` when it does not come to rest. */
async function restingState(top: string, clock: Clock): Promise<string | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { digest, newestMs } = await stateOf(top);
    // A change "in the future" was made before the clock was set back: the next one will differ from it.
    if (Math.abs(clock.now() - newestMs) > REST_MS) return digest;
    await clock.sleep(REST_MS + 1);
  }
  return undefined;
}

async function stateOf(top: string): Promise<{ readonly digest: string; readonly newestMs: number }> {
  const hash = createHash('sha256');
  let newest = 0n;
  for await (const { path, stats } of walkTree(top)) {
    hash.update(`${path}\0${stats.ino} ${stats.size} ${stats.mode} ${stats.ctimeNs}\n`);
    if (stats.ctimeNs > newest) newest = stats.ctimeNs;
  }
  return { digest: hash.digest('hex'), newestMs: Number(newest / 1_000_000n) };
}
