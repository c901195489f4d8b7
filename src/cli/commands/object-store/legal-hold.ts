import { Argument, type Command } from 'commander';
import { versionQuery } from '../../../../sdk/src/object-version.ts';
import { text } from '../../../../sdk/src/xml.ts';
import { action, examples } from '../../action.ts';
import { element } from './configuration-xml.ts';
import { withLock } from './lock-requests.ts';
import { unlessMissing } from './missing-object.ts';
import { checkedName, nameOfObject, objectVersion } from './name-of-object.ts';

const STATES = { on: 'ON', off: 'OFF' } as const;
type State = keyof typeof STATES;

export function objectLegalHold(buckets: Command): void {
  objectVersion(buckets.command('legal-hold <bucket> <key>'))
    .description('print or set whether an object is kept from being deleted until that is taken back')
    .addArgument(new Argument('[state]', 'without it: print').choices(Object.keys(STATES)))
    .addHelpText(
      'after',
      examples(
        'object-store legal-hold my-app-images contract.pdf',
        'object-store legal-hold my-app-images contract.pdf on',
      ),
    )
    .action(
      action(
        async (
          { api },
          bucket: string,
          key: string,
          state: State | undefined,
          { versionId }: { readonly versionId?: string },
        ) => {
          const version = checkedName({ bucket, key, versionId });
          const query = { 'legal-hold': '', ...versionQuery(versionId) };
          const legalHold = await withLock(api, bucket, async (s3) => {
            if (state === undefined) {
              const get = s3.send({ method: 'GET', key, query });
              const found = await unlessMissing('NoSuchObjectLockConfiguration', get);
              return found && text(found.text, 'Status') === STATES.on ? 'on' : 'off';
            }
            const body = Buffer.from(element('LegalHold', { Status: STATES[state] }));
            await s3.send({ method: 'PUT', key, query, body });
            return state;
          });
          return {
            data: { ...version, legalHold: legalHold === 'on' },
            text: `The legal hold of ${nameOfObject(version)} is ${legalHold}.`,
          };
        },
      ),
    );
}
