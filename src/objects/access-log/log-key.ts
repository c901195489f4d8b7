import { pooledRandomBytes } from '../../core/random-pool.ts';
import { ACCOUNT } from '../access/policy/principal.ts';
import type { BucketLogging } from './bucket-logging.ts';

export interface LogObject {
  /** The bucket that the requests were for. */
  readonly source: string;
  readonly region: string;
  readonly deliveredAt: number;
  /** Midnight UTC of the day of its requests, where it holds those of one day alone. */
  readonly day?: number | undefined;
}

/** S3 User Guide, "Log object key format"; no two are the same. */
export function logKey({ prefix, keyFormat }: BucketLogging, { source, region, deliveredAt, day }: LogObject): string {
  const [date = '', time = ''] = new Date(day ?? deliveredAt).toISOString().split('T');
  const name = `${date}-${time.slice(0, 8).replaceAll(':', '-')}-${pooledRandomBytes(8).toString('hex').toUpperCase()}`;
  if (keyFormat === undefined || keyFormat === 'simple') return prefix + name;
  return `${prefix}${ACCOUNT}/${region}/${source}/${date.replaceAll('-', '/')}/${name}`;
}
