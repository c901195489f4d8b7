import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { isNodeError } from '../../core/errors.ts';
import { examples, withFlags } from '../action.ts';
import { findAppFile } from '../app-file.ts';
import { cliErrors } from '../errors.ts';
import { unreadable, unwritable } from '../user-files.ts';

interface Manifest {
  readonly name?: unknown;
  readonly main?: unknown;
  readonly scripts?: { readonly start?: unknown };
}

export function launchCommand(program: Command): void {
  program
    .command('launch [directory]')
    .addHelpText('after', examples('launch', 'launch path/to/app --app photos'))
    .action(
      withFlags<[string | undefined]>(async (flags, directory = '.') => {
        const existing = await findAppFile(directory);
        if (existing) throw cliErrors.appFileExists(join(directory, existing.filename));
        const manifest = await readManifest(directory);
        const app = flags.app ?? appName(manifest?.name ?? basename(resolve(directory)));
        const path = join(directory, 'holdfast.yaml');
        await write(path, appFileText(app, manifest));
        const deploy = directory === '.' ? 'holdfast deploy' : `holdfast deploy ${directory}`;
        return { data: { app, path }, text: `Wrote ${path} for the app ${app}. Look it over, then run \`${deploy}\`.` };
      }),
    );
}

async function readManifest(directory: string): Promise<Manifest | undefined> {
  const path = join(directory, 'package.json');
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Manifest;
  } catch (error) {
    if (isNodeError(error, 'ENOENT')) return undefined;
    throw await unreadable(path, error);
  }
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    throw await unwritable(path, error);
  }
}

/** A host label made of a package's or directory's name: `@acme/Photo_Album` gives `photo-album`. */
function appName(name: unknown): string {
  const label = String(name)
    .replace(/^@[^/]*\//, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return label || 'app';
}

function appFileText(app: string, manifest: Manifest | undefined): string {
  return `# What this file can say: docs/app-file.md of Holdfast.
app: ${app}
resources:
  web:
    type: web-service
    properties:
      packaging: ${packaging(manifest)}
      # The program listens on the port that the variable PORT names.
      scaling: { minTasks: 1, maxTasks: 1 }

  # Storage outlives every deploy. For a bucket, uncomment this and add \`connectTo: [files]\` above:
  # files:
  #   type: bucket
`;
}

function packaging(manifest: Manifest | undefined): string {
  const { main, scripts } = manifest ?? {};
  if (typeof main === 'string' && scripts?.start === undefined) {
    return `{ type: source, entryfilePath: ${JSON.stringify(main)} }`;
  }
  return '{ type: source }';
}
