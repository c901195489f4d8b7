import { dirname } from 'node:path';
import type { Command } from 'commander';
import { action, examples } from '../action.ts';
import { APP_FILE_NAMES, type AppFile, findAppFile, readAppFile } from '../app-file.ts';
import { concludeDeployment } from '../conclude-deployment.ts';
import { cliErrors } from '../errors.ts';
import { untilInterrupted } from '../interruption.ts';
import { note } from '../session.ts';
import { uploadSource } from '../upload-source.ts';

interface DeployOptions {
  readonly file?: string;
  readonly detach?: boolean;
}

export function deployCommand(program: Command): void {
  program
    .command('deploy [directory]')
    .option('--file <path>', 'the app file; default: holdfast.yaml, stacktape.yml or fly.toml of the directory')
    .option('--detach', 'return once the source is uploaded and leave the deployment running')
    .addHelpText('after', examples('deploy', 'deploy examples/photo-album', 'deploy --file staging.yaml --app staging'))
    .action(
      action(async (session, directory: string | undefined, { file: path, detach }: DeployOptions) => {
        const root = directory ?? (path === undefined ? '.' : dirname(path));
        const file = path === undefined ? await appFileIn(root) : await readAppFile(path);
        const checked = await (await session.api['app-files'].validate.$post({ json: file })).json();
        for (const notice of checked.notices) note(`note: ${notice}`);
        const upload = await untilInterrupted((signal) => uploadSource(session.api, root, signal));
        if (upload === undefined) {
          note('\nInterrupted; nothing was deployed.');
          return undefined;
        }
        const json = { file, upload, app: session.flags.app };
        const begun = await (await session.api.deployments.$post({ json })).json();
        return concludeDeployment(session, begun, { detach });
      }),
    );
}

async function appFileIn(directory: string): Promise<AppFile> {
  const file = await findAppFile(directory);
  if (!file) throw cliErrors.noAppFile(directory, APP_FILE_NAMES);
  return file;
}
