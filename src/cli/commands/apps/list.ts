import type { Command } from 'commander';
import { action, examples } from '../../action.ts';
import { runningOf } from '../../output/describe-app.ts';
import { table } from '../../output/table.ts';

export function listApps(apps: Command): void {
  apps
    .command('list')
    .description('list the apps')
    .addHelpText('after', examples('apps list'))
    .action(
      action(async ({ api }) => {
        const data = await (await api.apps.$get()).json();
        const rows = data.map((app) => [
          app.name,
          app.release === null ? '-' : String(app.release),
          app.services.map((service) => `${service.name} ${runningOf(service)}`).join(', '),
          app.services.flatMap((service) => service.url ?? []).join(' '),
        ]);
        const text = table(['APP', 'RELEASE', 'HEALTHY', 'URLS'], rows, 'No apps yet; `holdfast deploy` brings one.');
        return { data, text };
      }),
    );
}
