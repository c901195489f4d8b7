import type { Command } from 'commander';
import { formatBytes, parseBytes } from '../../../core/units.ts';
import { action, examples } from '../../action.ts';

export function extendVolume(volumes: Command): void {
  volumes
    .command('extend <volume>')
    .description('make a volume larger; never smaller')
    .requiredOption('--size <size>', 'its new size: 50, 50GB or 64GiB; a bare number is GB')
    .addHelpText('after', examples('volumes extend data --size 50'))
    .action(
      action(async ({ api }, id: string, { size }: { readonly size: string }) => {
        const json = { sizeBytes: parseBytes(size, 'GB') };
        const data = await (await api.volumes[':id'].extend.$post({ param: { id }, json })).json();
        return { data, text: `The volume ${data.name} (${data.id}) has ${formatBytes(data.sizeBytes ?? 0)} now.` };
      }),
    );
}
