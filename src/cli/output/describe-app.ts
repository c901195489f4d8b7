import type { AppView, ServiceView } from '../../control/api/client.ts';
import { storageTable } from './describe-storage.ts';
import { paint, paintState } from './paint.ts';
import { table } from './table.ts';
import { ago } from './time.ts';

/** An app as `status` shows it. */
export function describeApp(app: AppView): string {
  const parts = [headline(app), services(app)];
  const instances = app.services.flatMap((service) => service.instances);
  if (instances.length > 0) {
    parts.push(
      table(
        ['INSTANCE', 'SERVICE', 'RELEASE', 'STATE', 'STARTED', 'RESTARTS', 'VOLUMES'],
        instances.map((one) => [
          one.id,
          one.service,
          String(one.release),
          paintState(one.state) + (one.state === 'healthy' || !one.reason ? '' : ` (${one.reason})`),
          ago(one.startedAt),
          String(one.restarts),
          one.volumes.join(', '),
        ]),
        '',
      ),
    );
  }
  if (app.storage.length > 0) parts.push(storageTable(app.storage));
  const notices = [...app.notices, ...app.services.flatMap(serviceNotice)];
  if (notices.length > 0) parts.push(notices.map((notice) => `${paint('yellow', 'note:')} ${notice}`).join('\n'));
  return parts.join('\n\n');
}

export function runningOf(service: ServiceView): string {
  return `${service.instances.filter((one) => one.state === 'healthy').length}/${service.desired}`;
}

function headline({ name, release, deployment }: AppView): string {
  const line = `${paint('bold', name)}  ${release === null ? 'no release serves yet' : `release ${release}`}`;
  if (!deployment) return line;
  const { status, reason, createdAt, finishedAt } = deployment;
  const when = finishedAt === null ? `began ${ago(createdAt)}` : ago(finishedAt);
  const why = status === 'succeeded' ? '' : `: ${reason}`;
  return `${line}, last deployment (release ${deployment.release}) ${paintState(status)}${why} (${when})`;
}

function services(app: AppView): string {
  return table(
    ['SERVICE', 'TYPE', 'HEALTHY', 'URL'],
    app.services.map((service) => [service.name, service.type, runningOf(service), service.url ?? '-']),
    'No services run.',
  );
}

function serviceNotice({ name, notice }: ServiceView): string[] {
  return notice ? [`${name}: ${notice}`] : [];
}
