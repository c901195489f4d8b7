import type { Command } from 'commander';
import { versionQuery } from '../../../../sdk/src/object-version.ts';
import type { S3Client } from '../../../../sdk/src/s3-client.ts';
import { text } from '../../../../sdk/src/xml.ts';
import type { ApiClient } from '../../../control/api/client.ts';
import { type HoldfastError, isHoldfastCode } from '../../../core/errors.ts';
import { parseDuration } from '../../../core/units.ts';
import { type Answer, action, examples } from '../../action.ts';
import { cliErrors } from '../../errors.ts';
import { until } from '../../output/time.ts';
import { element } from './configuration-xml.ts';
import { withHint } from './explain-refusal.ts';
import { bypassHeaders, type Mode, modeOf, modeOption, withLock } from './lock-requests.ts';
import { unlessMissing } from './missing-object.ts';
import { checkedName, nameOfObject, objectVersion } from './name-of-object.ts';

interface Retention {
  readonly mode: Mode;
  readonly until: Date;
}

interface Version {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
}

/** How long a version cannot be deleted: `retention get`, `set` and `unset`. */
export function objectRetention(buckets: Command): void {
  const retention = buckets
    .command('retention')
    .description('until when an object, or a version of it, cannot be deleted');
  getRetention(retention);
  setRetention(retention);
  unsetRetention(retention);
}

function getRetention(retention: Command): void {
  objectVersion(retention.command('get <bucket> <key>'))
    .description('print the retention of an object')
    .addHelpText('after', examples('object-store retention get my-app-images contract.pdf'))
    .action(
      action(async ({ api }, bucket: string, key: string, { versionId }: { readonly versionId?: string }) => {
        const version = checkedName({ bucket, key, versionId });
        return answer(version, await withLock(api, bucket, (s3) => read(s3, version)));
      }),
    );
}

interface SetOptions {
  readonly mode: Mode;
  readonly until?: string;
  readonly for?: string;
  readonly versionId?: string;
  readonly bypassGovernance?: boolean;
}

function setRetention(retention: Command): void {
  objectVersion(retention.command('set <bucket> <key>'))
    .description('keep an object from being deleted; what is kept already can be kept longer')
    .addOption(modeOption().makeOptionMandatory())
    .option('--until <date>', 'the end of it: 2030-01-31, or 2030-01-31T12:00:00Z')
    .option('--for <duration>', 'how long from now: 12h, 30d')
    .option('--bypass-governance', 'also make a retention in mode governance shorter, or another one')
    .addHelpText(
      'after',
      examples(
        'object-store retention set my-app-images contract.pdf --mode governance --for 30d',
        'object-store retention set my-app-images contract.pdf --mode compliance --until 2030-01-31',
      ),
    )
    .action(
      action(async ({ api }, bucket: string, key: string, { versionId, bypassGovernance, ...options }: SetOptions) => {
        const version = checkedName({ bucket, key, versionId });
        const retention = { mode: options.mode, until: endOf(options) };
        await change(api, version, { retention, bypassGovernance });
        return answer(version, retention);
      }),
    );
}

interface UnsetOptions {
  readonly versionId?: string;
  readonly bypassGovernance?: boolean;
}

function unsetRetention(retention: Command): void {
  objectVersion(retention.command('unset <bucket> <key>'))
    .description('let an object be deleted again; in mode compliance nobody can')
    .option('--bypass-governance', 'although its retention has not ended')
    .addHelpText('after', examples('object-store retention unset my-app-images contract.pdf --bypass-governance'))
    .action(
      action(async ({ api }, bucket: string, key: string, { versionId, bypassGovernance }: UnsetOptions) => {
        const version = checkedName({ bucket, key, versionId });
        await change(api, version, { retention: undefined, bypassGovernance });
        return answer(version, undefined);
      }),
    );
}

/** That four digits of a year can name, as ISO 8601 has them. */
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** @throws HoldfastError `usage` unless one end is named, and it is to come */
function endOf({ until: date, for: duration }: Pick<SetOptions, 'until' | 'for'>): Date {
  if ((date === undefined) === (duration === undefined))
    throw cliErrors.usage('a retention has one end', 'write --for 30d, or --until 2030-01-31');
  const end = date === undefined ? new Date(Date.now() + parseDuration(duration ?? '')) : parseDate(date);
  if (!(end.getTime() <= LATEST))
    throw cliErrors.usage(`${date ?? duration} is after the year 9999`, 'name an earlier end');
  if (end.getTime() > Date.now()) return end;
  throw cliErrors.usage(`${date ?? duration} is not in the future`, 'name a later end');
}

/** A day, from its beginning in UTC, or a moment with its zone (ISO 8601). */
function parseDate(text: string): Date {
  const date = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?$/.test(text)
    ? new Date(text)
    : undefined;
  if (date && !Number.isNaN(date.getTime())) return date;
  throw cliErrors.usage(`"${text}" is not a date`, 'write it like 2030-01-31, or 2030-01-31T12:00:00Z');
}

interface Change {
  readonly retention: Retention | undefined;
  readonly bypassGovernance: boolean | undefined;
}

async function change(api: ApiClient, version: Version, { retention, bypassGovernance }: Change): Promise<void> {
  const contents = retention && { Mode: retention.mode.toUpperCase(), RetainUntilDate: retention.until.toISOString() };
  await withLock(api, version.bucket, async (s3) => {
    const { key, versionId } = version;
    const query = { retention: '', ...versionQuery(versionId) };
    const body = Buffer.from(element('Retention', contents ?? {}));
    await s3.send({ method: 'PUT', key, query, headers: bypassHeaders(bypassGovernance), body });
  }).catch(async (error) => {
    throw isHoldfastCode(error, 's3.AccessDenied') ? await whyDenied(api, version, error) : error;
  });
}

/** What the retention that there is lets be done about it. */
async function whyDenied(api: ApiClient, version: Version, error: HoldfastError): Promise<HoldfastError> {
  const present = await withLock(api, version.bucket, (s3) => read(s3, version)).catch(() => undefined);
  if (present === undefined) return error;
  const end = present.until.toISOString();
  if (present.mode === 'governance')
    return withHint(error, `it is kept in mode governance until ${end}: --bypass-governance changes that`);
  return withHint(error, `it is kept in mode compliance until ${end}: name that mode and a later end, or wait`);
}

async function read(s3: S3Client, { key, versionId }: Version): Promise<Retention | undefined> {
  const query = { retention: '', ...versionQuery(versionId) };
  const found = await unlessMissing('NoSuchObjectLockConfiguration', s3.send({ method: 'GET', key, query }));
  const mode = modeOf(found && text(found.text, 'Mode'));
  return mode && { mode, until: new Date(text(found?.text ?? '', 'RetainUntilDate') ?? '') };
}

function answer(version: Version, retention: Retention | undefined): Answer {
  const name = nameOfObject(version);
  const data = { ...version, retention: retention ?? null };
  if (retention === undefined) return { data, text: `${name} has no retention.` };
  const { mode, until: end } = retention;
  const kept = end.getTime() > Date.now() ? 'is' : 'was';
  return { data, text: `${name} ${kept} kept in mode ${mode} until ${end.toISOString()} (${until(end.getTime())}).` };
}
