import { type Command, Option } from 'commander';
import { formatBytes } from '../../../core/units.ts';
import type { Answer } from '../../action.ts';
import { cliErrors } from '../../errors.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { printable } from '../../output/printable.ts';
import { startProgress } from '../../output/progress.ts';
import { confirm } from '../../prompt.ts';
import { note } from '../../session.ts';
import { SCHEME } from '../../transfer/location.ts';
import { type FilterRule, pathFilter } from '../../transfer/path-filter.ts';
import type { Source, Target } from '../../transfer/side.ts';
import { type TransferReport, type TreeTransfer, transferTrees } from '../../transfer/transfer-trees.ts';
import type { Notice } from '../../transfer/tree.ts';
import { unwritable } from '../../user-files.ts';

export interface TreeOptions {
  readonly exclude?: FilterRules;
  readonly include?: FilterRules;
  readonly follow?: boolean;
  readonly dryRun?: boolean;
}

/** Rules of `--exclude` and `--include` in the order of the command line, in one list that both options share. */
type FilterRules = readonly FilterRule[];

/** Options of everything that moves trees. */
export function treeOptions(command: Command): Command {
  const rules: FilterRule[] = [];
  const rule = (flags: string, { include, what }: { readonly include: boolean; readonly what: string }) =>
    new Option(flags, what).argParser((pattern: string) => {
      rules.push({ include, pattern });
      return rules;
    });
  return command
    .addOption(rule('--exclude <pattern>', { include: false, what: 'leave paths out: * is any text, ? one character' }))
    .addOption(
      rule('--include <pattern>', { include: true, what: 'take paths; the last pattern that matches decides' }),
    )
    .option('--follow', 'upload what symbolic links point to; default: leave links out')
    .option('--dry-run', 'say what would be done, and do nothing');
}

/** What is for trees would be lost on a single file, `--dry-run` too. @throws HoldfastError `usage` */
export function refuseTreeOptions({ exclude, include, follow, dryRun }: TreeOptions): void {
  if (!exclude && !include && !follow && !dryRun) return;
  throw cliErrors.usage('this option is for --recursive', 'leave it out, or add --recursive');
}

interface Request extends TreeOptions {
  readonly from: Source;
  readonly to: Target;
  readonly compare: TreeTransfer['compare'];
  readonly delete?: boolean | undefined;
  readonly yes?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** Runs a transfer of trees with progress, says what could not be done, and gives the answer. */
export async function runTransfer(request: Request): Promise<Answer> {
  const { from, to, compare, exclude, include, signal, yes } = request;
  const dryRun = request.dryRun ?? false;
  const progress = dryRun ? undefined : startProgress(describeDirection(from, to));
  try {
    const report = await transferTrees({
      from,
      to,
      compare,
      counts: pathFilter(exclude ?? include ?? []),
      follow: request.follow ?? false,
      delete: request.delete ?? false,
      dryRun,
      signal,
      confirmAll: (extra) =>
        confirm(`deleting everything in ${nameOf(to)} (${extra}), of which ${nameOf(from)} has nothing,`, { yes }),
      onProgress: (done, total) => progress?.update(done, total),
    });
    progress?.end();
    return answer(report, dryRun);
  } catch (error) {
    progress?.clear();
    throw to.kind === 'directory' ? await unwritable(to.path, error) : error;
  }
}

function nameOf(side: Source): string {
  return side.kind === 'directory' ? side.path : `${SCHEME}${side.storage.bucket}/${side.prefix}`;
}

function describeDirection(from: Source, to: Target): string {
  if (from.kind === to.kind) return 'Copying';
  return from.kind === 'directory' ? 'Uploading' : 'Downloading';
}

function answer(report: TransferReport, dryRun: boolean): Answer {
  for (const { path, reason } of report.skipped) note(`skipped ${printable(path)}: ${reason}`);
  for (const { path, reason } of report.failed) note(`failed ${printable(path)}: ${reason}`);
  if (report.kept.length > 0)
    note(`${report.kept.length} that the source has not were not deleted, since something failed`);
  if (report.failed.length > 0) process.exitCode = EXIT_CODES.failed.code;
  const bytes = report.copied.reduce((sum, { size }) => sum + size, 0);
  const planned = dryRun ? plannedLines(report) : [];
  return { data: { dryRun, bytes, ...report }, text: [...planned, summary(report, { bytes, dryRun })].join('\n') };
}

function plannedLines({ copied, deleted }: TransferReport): string[] {
  return [
    ...copied.map(({ path, size }) => `copy ${printable(path)} (${formatBytes(size)})`),
    ...deleted.map((path) => `delete ${printable(path)}`),
  ];
}

function summary(
  report: TransferReport,
  { bytes, dryRun }: { readonly bytes: number; readonly dryRun: boolean },
): string {
  const count = (list: readonly (Notice | unknown)[], what: string) =>
    list.length > 0 ? [`${list.length} ${what}`] : [];
  const parts = [
    `${report.copied.length} ${dryRun ? 'to copy' : 'copied'} (${formatBytes(bytes)})`,
    ...(report.resumed > 0 ? [`${formatBytes(report.resumed)} of it before`] : []),
    ...count(report.deleted, dryRun ? 'to delete' : 'deleted'),
    ...(report.unchanged > 0 ? [`${report.unchanged} unchanged`] : []),
    ...count(report.skipped, 'skipped'),
    ...count(report.failed, 'failed'),
  ];
  return `${parts.join(', ')}.`;
}
