import type { Command } from 'commander';
import { parseDuration } from '../../../../core/units.ts';
import { action, examples } from '../../../action.ts';
import { note } from '../../../session.ts';
import { describeNewKey } from './describe-key.ts';
import { describeRotation } from './describe-rotation.ts';

interface RotateOptions {
  readonly grace: string;
}

export function rotateKey(keys: Command): void {
  keys
    .command('rotate <id>')
    .description('put another key in the place of one, which goes on for a while; a service gets it at its next deploy')
    .option('--grace <duration>', 'how long the old one goes on: 0s, 2h, 7d', '24h')
    .addHelpText('after', examples('object-store keys rotate HFAKQ2W3E4R5T6Y7U2I3 --grace 2h > .env'))
    .action(
      action(async ({ api }, id: string, { grace }: RotateOptions) => {
        const graceSeconds = Math.ceil(parseDuration(grace) / 1000);
        const data = await (await api.keys[':id'].rotate.$post({ param: { id }, json: { graceSeconds } })).json();
        const old = (await (await api.keys.$get()).json()).find(({ replacedBy }) => replacedBy === data.id);
        if (old) note(describeRotation(old));
        return { data, text: describeNewKey(data) };
      }),
    );
}
