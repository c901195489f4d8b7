import type { Command } from 'commander';
import { action, examples } from '../action.ts';
import { paintState } from '../output/paint.ts';
import { table } from '../output/table.ts';
import { ago } from '../output/time.ts';

export function releasesCommand(program: Command): void {
  program
    .command('releases')
    .addHelpText('after', examples('releases', 'releases --app photos --json'))
    .action(
      action(async (session) => {
        const app = await session.app();
        const data = await (await session.api.apps[':app'].releases.$get({ param: { app } })).json();
        const newestFirst = data.toSorted((a, b) => b.version - a.version);
        const rows = newestFirst.map((release) => [
          `${release.version}${release.current ? ' *' : ''}`,
          paintState(release.status),
          ago(release.createdAt),
          release.reason,
        ]);
        return { data, text: table(['RELEASE', 'STATUS', 'CREATED', 'REASON'], rows, `${app} has no releases yet.`) };
      }),
    );
}
