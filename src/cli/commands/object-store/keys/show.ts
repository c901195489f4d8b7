import type { Command } from 'commander';
import { action, examples } from '../../../action.ts';
import { variables } from './variables.ts';

export function showKey(keys: Command): void {
  keys
    .command('show <bucket>', { isDefault: true })
    .description("print an operator's key for one bucket, as variables of a shell")
    .addHelpText('after', examples('object-store keys my-app-images', 'object-store keys my-app-images > .env'))
    .action(
      action(async ({ api }, id: string) => {
        const data = await (await api.buckets[':id'].credentials.$get({ param: { id }, query: {} })).json();
        return { data, text: variables(data) };
      }),
    );
}
