import type { Command } from 'commander';
import type { ScrubPassView, ScrubView } from '../../../control/api/client.ts';
import { formatBytes, formatDuration } from '../../../core/units.ts';
import { action, examples } from '../../action.ts';
import { printable } from '../../output/printable.ts';
import { table } from '../../output/table.ts';
import { ago } from '../../output/time.ts';

export function scrubObjects(buckets: Command): void {
  buckets
    .command('scrub')
    .description('what the check of everything stored has found; it runs once a week by itself')
    .option('--start', 'begin one now, unless one is under way')
    .addHelpText('after', examples('object-store scrub', 'object-store scrub --start'))
    .action(
      action(async ({ api }, { start = false }: { readonly start?: boolean }) => {
        if (start) await api.scrub.$post();
        const data = await (await api.scrub.$get()).json();
        return {
          data,
          text: start ? 'The check has begun; `holdfast object-store scrub` tells how far it is.' : describe(data),
        };
      }),
    );
}

function describe({ current, last, setAside, lostKeys, indexRebuild }: ScrubView): string {
  const passes = [
    ...(last ? [`Checked ${ago(last.finishedAt ?? last.startedAt)}: ${amount(last)}.`, ...damage(last)] : []),
    ...(current
      ? [`A check is under way since ${ago(current.startedAt)}: ${amount(current)} so far.`, ...damage(current)]
      : []),
  ];
  if (passes.length === 0) passes.push('Nothing has been checked yet: `holdfast object-store scrub --start` begins.');
  if (setAside.length > 0) {
    passes.push(
      `Set aside as damaged, in objects/ of the data directory: ${setAside.join(', ')}. docs/damage.md says what to do.`,
    );
  }
  if (lostKeys.length > 0) {
    passes.push(`The key is lost of: ${lostKeys.map(printable).join(', ')}. docs/damage.md says what to do.`);
  }
  if (indexRebuild) passes.push(rebuild(indexRebuild));
  return passes.join('\n');
}

function rebuild({ at, tookMs, damage }: NonNullable<ScrubView['indexRebuild']>): string {
  const done = `was built anew from the journal ${ago(at)}, in ${formatDuration(tookMs)}`;
  if (damage === null) return `The index ${done}: it was gone, or the machine had stopped while it was in use.`;
  return `The index was damaged (${printable(damage)}) and ${done}: nothing is lost, but look at the disk and the memory of this machine.`;
}

function amount({ objects, bytes, damagedCount }: ScrubPassView): string {
  const found = damagedCount === 0 ? 'no damage' : `${damagedCount} damaged`;
  return `${objects} ${objects === 1 ? 'object' : 'objects'}, ${formatBytes(bytes)}, ${found}`;
}

function damage({ damaged }: ScrubPassView): readonly string[] {
  if (damaged.length === 0) return [];
  const rows = damaged.map(({ bucket, key, versionId, message }) => [bucket, printable(key), versionId, message]);
  return [table(['BUCKET', 'KEY', 'VERSION', 'DAMAGE'], rows, '')];
}
