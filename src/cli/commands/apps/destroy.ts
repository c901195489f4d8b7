import type { Command } from 'commander';
import { action, examples } from '../../action.ts';
import { confirm } from '../../prompt.ts';

export function destroyApp(apps: Command): void {
  apps
    .command('destroy <name>')
    .description('stop and forget the services of an app; its storage stays, detached')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', examples('apps destroy photos', 'apps destroy photos --yes'))
    .action(
      action(async ({ api }, name: string, { yes }: { readonly yes?: boolean }) => {
        const app = await (await api.apps[':app'].$get({ param: { app: name } })).json();
        await confirm(`destroying the app ${name}`, { yes });
        await api.apps[':app'].$delete({ param: { app: name } });
        const kept = app.storage.map((one) => `${one.kind} ${one.name}`);
        const text = `${name} is destroyed.${kept.length > 0 ? ` Kept: ${kept.join(', ')}.` : ''}`;
        return { data: { destroyed: name, kept: app.storage }, text };
      }),
    );
}
