import type { RemovalFailure } from '../../../sdk/src/index.ts';
import { shortReason } from '../user-files.ts';
import { type CopyContext, copyEntry } from './copy-entry.ts';
import { PARALLEL_PARTS, PART_SIZE, transferWeight } from './part-size.ts';
import type { PathFilter } from './path-filter.ts';
import { type Budget, runJobs } from './run-jobs.ts';
import { sameContent } from './same-content.ts';
import { type BucketTarget, readSource, readTarget, type Source, type Target } from './side.ts';
import { type Comparison, compareTrees, filesThatAreDirectories, inTheWay } from './sync-plan.ts';
import { foldedAway, foldName, TargetDirectory, whyNoPath } from './target-directory.ts';
import type { Entry, Notice, Tree } from './tree.ts';

export interface TreeTransfer {
  readonly from: Source;
  readonly to: Target;
  readonly counts: PathFilter;
  /** `all`: copies without a look at what is there. */
  readonly compare: 'time' | 'checksum' | 'all';
  readonly follow: boolean;
  /** Takes away from the target what the source has not. */
  readonly delete: boolean;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  /** Asked before everything in the target is deleted, since the source has nothing of it. @throws to refuse */
  readonly confirmAll: (extra: number) => Promise<void>;
  readonly onProgress: (done: number, total: number) => void;
}

export interface TransferReport {
  readonly copied: readonly { readonly path: string; readonly size: number }[];
  readonly deleted: readonly string[];
  /** What `delete` would have taken away, had the source been read and copied whole. */
  readonly kept: readonly string[];
  readonly unchanged: number;
  /** Left alone on purpose. */
  readonly skipped: readonly Notice[];
  readonly failed: readonly Notice[];
  /** Bytes that an earlier, interrupted run had moved already. */
  readonly resumed: number;
}

interface Outcome {
  readonly copied: { path: string; size: number }[];
  readonly deleted: string[];
  readonly failed: Notice[];
  resumed: number;
}

const BUDGET: Budget = { jobs: 16, weight: 2 * (PARALLEL_PARTS + 2) * PART_SIZE };
const LOOKS: Budget = { jobs: 16, weight: Number.POSITIVE_INFINITY };

/** Makes the target have what the source has. One file that fails does not stop the others. */
export async function transferTrees(transfer: TreeTransfer): Promise<TransferReport> {
  const { to, counts, dryRun } = transfer;
  const [source, target] = await readBoth(transfer);
  const compared = compareTrees(source, target, { counts, deletes: transfer.delete });
  const comparison = { ...compared, extra: await withoutOtherSpellings(compared.extra, { transfer, source }) };
  const outcome: Outcome = {
    copied: [],
    deleted: [],
    failed: [...source.unreadable, ...target.unreadable],
    resumed: 0,
  };
  const extra = await entriesToDelete(transfer, source, comparison);
  const { changed, unchanged } = await findChanges(transfer, comparison, outcome);
  const writable =
    to.kind === 'directory' ? await withoutImpossible(changed, { to, source, outcome, dryRun }) : changed;

  const obstacles = to.kind === 'directory' ? inTheWay(extra, writable) : [];
  const directory = new TargetDirectory(to.kind === 'directory' ? to.path : '');
  const work = { transfer, directory, outcome, source };
  await deleteEntries(work, obstacles);
  const failed = outcome.failed.length;
  await copyEntries(work, writable);
  // What failed may be what the extra ones are called now.
  if (outcome.failed.length === failed) {
    await deleteEntries(
      work,
      extra.filter((entry) => !obstacles.includes(entry)),
    );
  }
  const { resumed, ...rest } = outcome;
  const gone = new Set([...rest.deleted, ...rest.failed.map(({ path }) => path)]);
  const kept = transfer.delete ? comparison.extra.flatMap(({ path }) => (gone.has(path) ? [] : [path])) : [];
  return { ...rest, kept, unchanged, skipped: source.skipped.filter(({ path }) => counts(path)), resumed };
}

/**
 * Where something is to be deleted, the target first: what another run copies there while this one reads is in the source
 * by then, and not extra.
 */
async function readBoth(transfer: TreeTransfer): Promise<readonly [source: Tree, target: Tree]> {
  const { from, to, signal, dryRun } = transfer;
  const reading = readTarget(to, { signal, dryRun });
  if (transfer.delete) await reading;
  return Promise.all([readSource(from, transfer), reading]);
}

/** Where names fold, `a.txt` is what `A.txt` of the source has been written to. */
async function withoutOtherSpellings(
  extra: readonly Entry[],
  { transfer: { to, dryRun, delete: deletes }, source }: { readonly transfer: TreeTransfer; readonly source: Tree },
): Promise<readonly Entry[]> {
  if (to.kind !== 'directory' || dryRun || !deletes || extra.length === 0) return extra;
  if (!(await new TargetDirectory(to.path).foldsNames())) return extra;
  const names = new Set([...source.entries.keys()].map(foldName));
  return extra.filter(({ path }) => !names.has(foldName(path)));
}

/** Nothing, where the source is not known whole: what cannot be seen may well be there. */
async function entriesToDelete(
  transfer: TreeTransfer,
  source: Tree,
  { extra, alike, different }: Comparison,
): Promise<readonly Entry[]> {
  if (!transfer.delete || source.unreadable.length > 0) return [];
  const isAll = extra.length > 0 && alike.length + different.length === 0;
  if (isAll && !transfer.dryRun) await transfer.confirmAll(extra.length);
  return extra;
}

async function findChanges(
  { from, to, compare, signal }: TreeTransfer,
  { missing, alike, different }: Comparison,
  outcome: Outcome,
): Promise<{ changed: Entry[]; unchanged: number }> {
  const changed = [...missing, ...different];
  if (compare === 'all') return { changed: [...changed, ...alike.map(({ source }) => source)], unchanged: 0 };
  let unchanged = 0;
  const jobs = alike.map((pair) => ({
    weight: 0,
    run: async () => {
      signal.throwIfAborted();
      await attempt(pair.source.path, { outcome, signal }, async () => {
        if (await sameContent(pair, { from, to, checksum: compare === 'checksum' })) unchanged += 1;
        else changed.push(pair.source);
      });
    },
  }));
  await runJobs(jobs, LOOKS);
  return { changed: changed.sort((a, b) => (a.path < b.path ? -1 : 1)), unchanged };
}

interface ToDirectory {
  readonly to: Extract<Target, { kind: 'directory' }>;
  readonly source: Tree;
  readonly outcome: Outcome;
  readonly dryRun: boolean;
}

/** Without the keys that cannot be files there, which are told. */
async function withoutImpossible(
  entries: readonly Entry[],
  { to, source, outcome, dryRun }: ToDirectory,
): Promise<Entry[]> {
  const directories = new Set(filesThatAreDirectories(source).map(({ path }) => path));
  const folds = !dryRun && entries.length > 0 && (await new TargetDirectory(to.path).foldsNames());
  const lost = folds ? foldedAway(source.entries.values()) : new Set<string>();
  return entries.filter(({ path }) => {
    const reason =
      whyNoPath(path) ??
      (directories.has(path) ? 'there are keys below it, so it cannot be a file' : undefined) ??
      (lost.has(path) ? 'another key differs from it only in case or composition, which are one name here' : undefined);
    if (reason !== undefined) outcome.failed.push({ path, reason });
    return reason === undefined;
  });
}

interface Work {
  readonly transfer: TreeTransfer;
  readonly directory: TargetDirectory;
  readonly outcome: Outcome;
  readonly source: Tree;
}

async function copyEntries({ transfer, directory, outcome }: Work, entries: readonly Entry[]): Promise<void> {
  const { from, to, signal, onProgress, dryRun } = transfer;
  if (dryRun) return void outcome.copied.push(...entries.map(({ path, size }) => ({ path, size })));
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const jobs = entries.map((entry) => ({
    weight: from.kind === 'bucket' && to.kind === 'bucket' ? 0 : transferWeight(entry.size),
    run: async () => {
      signal.throwIfAborted();
      let latest = { moved: 0, resumed: 0 };
      const onBytes: CopyContext['onBytes'] = (bytes) => {
        done += bytes.moved - latest.moved;
        outcome.resumed += bytes.resumed - latest.resumed;
        latest = bytes;
        onProgress(done, total - outcome.resumed);
      };
      await attempt(entry.path, { outcome, signal }, async () => {
        await copyEntry(entry, { from, to, directory, signal, onBytes });
        outcome.copied.push({ path: entry.path, size: entry.size });
      });
    },
  }));
  await runJobs(jobs, BUDGET);
}

async function deleteEntries({ transfer, directory, outcome, source }: Work, entries: readonly Entry[]): Promise<void> {
  const { to, dryRun, signal } = transfer;
  const paths = entries.map(({ path }) => path);
  if (dryRun) return void outcome.deleted.push(...paths);
  if (to.kind === 'bucket') return deleteObjects({ to, outcome, signal }, entries);
  for (const path of paths) {
    signal.throwIfAborted();
    await attempt(path, { outcome, signal }, async () => {
      await directory.remove(path, (parent) => source.entries.has(`${parent}/`));
      outcome.deleted.push(path);
    });
  }
}

interface Deletion {
  readonly to: BucketTarget;
  readonly outcome: Outcome;
  readonly signal: AbortSignal;
}

/** Only what was listed, not what somebody has put in its place since. */
async function deleteObjects({ to, outcome, signal }: Deletion, entries: readonly Entry[]): Promise<void> {
  const failed = new Set<string>();
  const onFailed = ({ key, code, message }: RemovalFailure) => {
    const path = key.slice(to.prefix.length);
    failed.add(path);
    const reason = code === 'PreconditionFailed' ? 'it was written while the transfer ran' : message;
    outcome.failed.push({ path, reason });
  };
  const removals = entries.map(({ path, etag }) => ({ key: to.prefix + path, ifMatch: etag }));
  await to.storage.remove(removals, { signal, onFailed });
  outcome.deleted.push(...entries.flatMap(({ path }) => (failed.has(path) ? [] : [path])));
}

/** One that fails is told and the rest goes on, unless the rest would fail the same way. */
async function attempt(
  path: string,
  { outcome, signal }: { readonly outcome: Outcome; readonly signal: AbortSignal },
  run: () => Promise<void>,
): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (signal.aborted || concernsAll(error)) throw error;
    outcome.failed.push({ path, reason: shortReason(error) });
  }
}

function concernsAll(error: unknown): boolean {
  const { code, status } = error as { code?: unknown; status?: unknown };
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EROFS') return true;
  return code === 'NetworkError' || code === 'Timeout' || code === 'NoSuchBucket' || status === 507;
}
