import type { Command } from 'commander';
import type { S3Client } from '../../../../sdk/src/s3-client.ts';
import { text } from '../../../../sdk/src/xml.ts';
import { action, examples } from '../../action.ts';
import { cliErrors } from '../../errors.ts';
import { element } from './configuration-xml.ts';
import { type Mode, modeOf, modeOption } from './lock-requests.ts';
import { unlessMissing } from './missing-object.ts';
import { withBucketRequests } from './open-bucket.ts';

/** What a bucket gives every new version. */
interface DefaultRetention {
  readonly mode: Mode;
  readonly days?: number | undefined;
  readonly years?: number | undefined;
}

interface ObjectLock {
  readonly defaultRetention?: DefaultRetention | undefined;
}

const query = { 'object-lock': '' };

/** Object lock of a bucket: `object-lock get`, `set` and `unset`. */
export function bucketObjectLock(buckets: Command): void {
  const lock = buckets
    .command('object-lock')
    .description('object lock of a bucket: versions that nobody can delete, and for how long new ones are kept');
  getLock(lock);
  setLock(lock);
  unsetDefault(lock);
}

function getLock(lock: Command): void {
  lock
    .command('get <bucket>')
    .description('print whether a bucket has object lock, and the retention that new objects get')
    .addHelpText('after', examples('object-store object-lock get my-app-images'))
    .action(
      action(async ({ api }, bucket: string) => {
        const found = await withBucketRequests(api, bucket, read);
        return { data: { bucket, objectLock: found !== undefined, ...found }, text: describe(found) };
      }),
    );
}

interface SetOptions {
  readonly mode?: Mode;
  readonly days?: string;
  readonly years?: string;
}

function setLock(lock: Command): void {
  lock
    .command('set <bucket>')
    .description('turn object lock on, for good; with a mode and a time, give that retention to every new object')
    .addOption(modeOption())
    .option('--days <days>', 'how long the retention lasts')
    .option('--years <years>', 'the same in years')
    .addHelpText(
      'after',
      examples(
        'object-store object-lock set my-app-images',
        'object-store object-lock set my-app-images --mode governance --days 30',
      ),
    )
    .action(
      action(async ({ api }, bucket: string, options: SetOptions) => {
        const defaultRetention = defaultOf(options);
        const lock = await withBucketRequests(api, bucket, async (s3) => {
          const before = await read(s3);
          if (before && !defaultRetention) return before; // what new objects get is taken away by `unset` alone
          await write(s3, { defaultRetention });
          return { defaultRetention };
        });
        return { data: { bucket, objectLock: true, ...lock }, text: `Object lock of ${bucket} is ${describe(lock)}.` };
      }),
    );
}

function unsetDefault(lock: Command): void {
  lock
    .command('unset <bucket>')
    .description('give new objects no retention of themselves; object lock stays on, and so does what is locked')
    .addHelpText('after', examples('object-store object-lock unset my-app-images'))
    .action(
      action(async ({ api }, bucket: string) => {
        const before = await withBucketRequests(api, bucket, async (s3) => {
          const found = await read(s3);
          if (found?.defaultRetention) await write(s3, {});
          return found;
        });
        const after = before && {};
        return {
          data: { bucket, objectLock: before !== undefined },
          text: `Object lock of ${bucket} is ${describe(after)}.`,
        };
      }),
    );
}

/** @throws HoldfastError `usage` for one half of a default retention without the other */
function defaultOf({ mode, days, years }: SetOptions): DefaultRetention | undefined {
  if (mode === undefined && days === undefined && years === undefined) return undefined;
  if (mode !== undefined && (days === undefined) !== (years === undefined))
    return { mode, days: numberOf(days), years: numberOf(years) };
  throw cliErrors.usage(
    'a default retention has a mode and either days or years',
    'write --mode governance --days 30, or neither to turn object lock on alone',
  );
}

function numberOf(period: string | undefined): number | undefined {
  if (period === undefined || /^[1-9]\d{0,5}$/.test(period)) return period === undefined ? undefined : Number(period);
  throw cliErrors.usage(`"${period}" is not a number of days or years`, 'write a whole number from 1 on');
}

async function read(s3: S3Client): Promise<ObjectLock | undefined> {
  const found = await unlessMissing('ObjectLockConfigurationNotFoundError', s3.send({ method: 'GET', query }));
  if (found === undefined) return undefined;
  const mode = modeOf(text(found.text, 'Mode'));
  const [days, years] = [text(found.text, 'Days'), text(found.text, 'Years')];
  return { defaultRetention: mode && { mode, days: numberOf(days), years: numberOf(years) } };
}

async function write(s3: S3Client, { defaultRetention: rule }: ObjectLock): Promise<void> {
  const retention = rule && { Mode: rule.mode.toUpperCase(), Days: rule.days, Years: rule.years };
  const body = element('ObjectLockConfiguration', {
    ObjectLockEnabled: 'Enabled',
    Rule: retention && { DefaultRetention: retention },
  });
  await s3.send({ method: 'PUT', query, body: Buffer.from(body) });
}

function describe(lock: ObjectLock | undefined): string {
  if (lock === undefined) return 'off';
  if (lock.defaultRetention === undefined) return 'on; new objects get no retention of themselves';
  const { mode, days, years } = lock.defaultRetention;
  const period = days === undefined ? `${years} year${years === 1 ? '' : 's'}` : `${days} day${days === 1 ? '' : 's'}`;
  return `on; new objects are kept in mode ${mode} for ${period}`;
}
