import type { KeyView, NewKeyView } from '../../../../control/api/client.ts';
import { table } from '../../../output/table.ts';
import { ago, until } from '../../../output/time.ts';
import { variables } from './variables.ts';

/** With what cannot be asked again. */
export function describeNewKey(key: NewKeyView): string {
  const { grants } = key;
  const bucket = grants !== '*' && grants.length === 1 ? grants[0]?.bucket : undefined;
  return variables({ ...key, bucket, accessKeyId: key.id });
}

export function keyTable(keys: readonly KeyView[]): string {
  return table(
    ['ID', 'OWNER', 'REACHES', 'CREATED', 'EXPIRES', 'DESCRIPTION'],
    keys.map((key) => [
      key.id,
      key.owner,
      reach(key),
      ago(key.createdAt),
      expiry(key),
      key.replacedBy === null ? (key.description ?? '') : replacement(key),
    ]),
    'No keys yet.',
  );
}

function replacement({ replacedBy, usedBy }: KeyView): string {
  const users = usedBy.length === 0 ? '' : `, still used by ${usedBy.join(', ')}`;
  return `replaced by ${replacedBy}${users}`;
}

function reach({ grants }: KeyView): string {
  if (grants === '*') return 'everything';
  const texts = grants.map(({ bucket, prefix, access }) => {
    const only = access === 'read-write' ? '' : ` (${access} only)`;
    return `${bucket}${prefix === null ? '' : `/${prefix}*`}${only}`;
  });
  return texts.join(', ') || 'nothing';
}

function expiry({ expiresAt }: KeyView): string {
  if (expiresAt === null) return 'never';
  return expiresAt <= Date.now() ? 'expired' : until(expiresAt);
}
