import type { KeyView } from '../../../../control/api/client.ts';
import { until } from '../../../output/time.ts';

/** Of the key that was replaced: how long it goes on, and who has to be given the new one before that. */
export function describeRotation({ id, owner, expiresAt, usedBy }: KeyView, now: number = Date.now()): string {
  const isOver = expiresAt !== null && expiresAt <= now;
  const end =
    expiresAt === null || isOver ? 'has ended' : `goes on until ${time(expiresAt)} (${until(expiresAt, now)})`;
  if (usedBy.length === 0) return `The old key ${id} ${end}.`;
  const [app] = owner.split('/');
  return [
    `The old key ${id} ${end}, and ${owner} still runs with it: ${usedBy.join(', ')}.`,
    `Deploy ${app} ${isOver ? 'now' : 'before then'}: \`holdfast deploy\` in its directory.`,
  ].join('\n');
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
