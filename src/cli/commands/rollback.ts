import type { Command } from 'commander';
import type { ReleaseView } from '../../control/api/client.ts';
import { action, examples } from '../action.ts';
import { concludeDeployment } from '../conclude-deployment.ts';
import { cliErrors } from '../errors.ts';

export function rollbackCommand(program: Command): void {
  program
    .command('rollback [release]')
    .option('--detach', 'return at once and leave the deployment running')
    .addHelpText('after', examples('rollback', 'rollback 3 --app photos'))
    .action(
      action(async (session, version: string | undefined, { detach }: { readonly detach?: boolean }) => {
        const app = await session.app();
        const target = session.api.apps[':app'];
        const release =
          version === undefined
            ? previous(app, await (await target.releases.$get({ param: { app } })).json())
            : parseRelease(version);
        const begun = await (await target.rollback.$post({ param: { app }, json: { release } })).json();
        return concludeDeployment(session, begun, { detach });
      }),
    );
}

function parseRelease(text: string): number {
  const match = /^v?([1-9]\d{0,8})$/.exec(text);
  if (!match)
    throw cliErrors.usage(`"${text}" is not a release`, '`holdfast releases` lists them; write for example 3');
  return Number(match[1]);
}

/** The newest release before the current one that has served. */
function previous(app: string, releases: readonly ReleaseView[]): number {
  const current = releases.find((release) => release.current)?.version ?? Number.POSITIVE_INFINITY;
  const served = releases.filter(
    ({ version, status }) => version < current && (status === 'succeeded' || status === 'superseded'),
  );
  if (served.length === 0) throw cliErrors.nothingToRollBackTo(app);
  return Math.max(...served.map((release) => release.version));
}
