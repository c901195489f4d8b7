import type { DeploymentView } from '../control/api/client.ts';
import { type Answer, print } from './action.ts';
import { cliErrors } from './errors.ts';
import { followDeployment } from './follow-deployment.ts';
import { untilInterrupted } from './interruption.ts';
import { note, type Session } from './session.ts';

/**
 * Shows a deployment to its end and what came of it. Ctrl-C ends the showing, not the deployment.
 * @throws HoldfastError `deployment.failed`, `deployment.rolled-back`
 */
export async function concludeDeployment(
  session: Session,
  begun: DeploymentView,
  { detach }: { readonly detach?: boolean | undefined },
): Promise<Answer | undefined> {
  const { app, release } = begun;
  const leave = `Release ${release} of ${app} is on its way; \`holdfast status --app ${app}\` shows how it goes.`;
  if (detach) return { data: begun, text: leave };
  const ended = await untilInterrupted((signal) => followDeployment(session.api, begun, signal));
  if (!ended) {
    note(`\nThe deployment goes on without this command. ${leave}`);
    return undefined;
  }
  if (ended.status !== 'succeeded') {
    if (session.flags.json) print({ data: ended, text: '' }, session.flags);
    throw cliErrors.deploymentFailed(app, release, ended);
  }
  const view = await (await session.api.apps[':app'].$get({ param: { app } })).json();
  const urls = [...view.services, ...view.storage].flatMap(({ name, url }) => (url ? [`  ${name}  ${url}`] : []));
  return { data: ended, text: [`Release ${release} of ${app} serves.`, ...urls].join('\n') };
}
