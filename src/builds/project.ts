import { readFile, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { isNodeError } from '../core/errors.ts';
import type { BuildRequest } from './builder.ts';
import { cannotDetect, packageManagerMissing } from './errors.ts';
import { startCommandOf } from './start-command.ts';

/** What an app's own files say about how to install, build and start it. */

interface PackageJson {
  readonly main?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly workspaces?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

type ProjectRequest = Pick<BuildRequest, 'entryfilePath' | 'installCommand' | 'buildCommand' | 'startCommand'>;

export interface BuildPlan {
  /** Shell lines. */
  readonly install?: InstallStep | undefined;
  readonly build?: string | undefined;
  /** Development dependencies are there for the build alone. */
  readonly prune: boolean;
}

export interface InstallStep {
  readonly line: string;
  /** Does nothing but fill node_modules from package.json and its lock file. */
  readonly cacheable: boolean;
}

const FOREIGN_LOCK_FILES = ['pnpm-lock.yaml', 'yarn.lock', 'bun.lock', 'bun.lockb'];
const NPM_LOCK_FILES = ['package-lock.json', 'npm-shrinkwrap.json'];
/** npm runs these of the project itself on an install; they may write anywhere. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];
const ENTRY_FILE = /\.(?:js|mjs|cjs|ts|mts|cts)$/;
const DEFAULT_ENTRIES = ['index.js', 'server.js'];

/** @throws HoldfastError `build.detect` when it is not JSON */
async function readPackageJson(directory: string): Promise<PackageJson | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  } catch (error) {
    if (isNodeError(error, 'ENOENT')) return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw cannotDetect('package.json is not a JSON object', 'mend package.json and deploy again');
}

/** @throws HoldfastError `build.package-manager` */
export async function planBuild(directory: string, request: ProjectRequest): Promise<BuildPlan> {
  const project = await readPackageJson(directory);
  const build = request.buildCommand ?? (project?.scripts?.build === undefined ? undefined : 'npm run build');
  const install = await planInstall(directory, { project, request, forBuild: build !== undefined });
  const ownInstall = install !== undefined && request.installCommand === undefined;
  const prune = build !== undefined && ownInstall && Object.keys(project?.devDependencies ?? {}).length > 0;
  return { install, build, prune };
}

interface InstallInput {
  readonly project: PackageJson | undefined;
  readonly request: ProjectRequest;
  readonly forBuild: boolean;
}

async function planInstall(
  directory: string,
  { project, request, forBuild }: InstallInput,
): Promise<InstallStep | undefined> {
  const hasScripts = INSTALL_SCRIPTS.some((name) => project?.scripts?.[name] !== undefined);
  if (request.installCommand !== undefined) {
    const plain = /^npm (?:ci|install|i)(?: --[\w=-]+)*$/.test(request.installCommand.trim());
    return { line: request.installCommand, cacheable: plain && !hasScripts };
  }
  if (!project || !(hasScripts || hasDependencies(project))) return undefined;
  const foreign = await firstFile(directory, FOREIGN_LOCK_FILES);
  const locked = (await firstFile(directory, NPM_LOCK_FILES)) !== undefined;
  if (foreign && !locked) throw packageManagerMissing(foreign);
  const dev = forBuild ? '--include=dev' : '--omit=dev';
  return { line: `npm ${locked ? 'ci' : 'install'} --no-audit --no-fund ${dev}`, cacheable: !hasScripts };
}

function hasDependencies(project: PackageJson): boolean {
  const { dependencies, devDependencies, optionalDependencies, workspaces } = project;
  const groups = [dependencies, devDependencies, optionalDependencies];
  return workspaces !== undefined || groups.some((group) => Object.keys(group ?? {}).length > 0);
}

/** argv of the start command. @throws HoldfastError `build.detect` */
export async function detectStart(directory: string, request: ProjectRequest): Promise<readonly string[]> {
  if (request.startCommand !== undefined) return startCommandOf(request.startCommand);
  if (request.entryfilePath !== undefined) return entryCommand(directory, request.entryfilePath);
  const project = await readPackageJson(directory);
  const { start, prestart } = project?.scripts ?? {};
  if (start !== undefined) return startCommandOf(prestart === undefined ? start : `${prestart} && ${start}`);
  const main = project?.main && (await mainFile(directory, project.main));
  const entry = main ?? (await firstFile(directory, DEFAULT_ENTRIES));
  if (entry) return ['node', entry];
  if (await isFile(directory, 'index.html')) {
    throw cannotDetect(
      'the directory holds a web page (index.html) but no program that serves it',
      'add a server, for example a server.js that serves the files, and name it in entryfilePath',
    );
  }
  throw cannotDetect(
    'it is not clear how to start the app',
    'name the file in entryfilePath, or write a startCommand, or a "start" script in package.json',
  );
}

async function entryCommand(directory: string, entryfilePath: string): Promise<readonly string[]> {
  const path = posix.normalize(entryfilePath).replace(/^\.?\//, '');
  if (path.startsWith('..') || !(await isFile(directory, path))) {
    throw cannotDetect(
      `entryfilePath ${entryfilePath} is not a file of the app`,
      'write its path from the directory of the app',
    );
  }
  if (!ENTRY_FILE.test(path)) {
    throw cannotDetect(
      `entryfilePath ${entryfilePath} is not a JavaScript or TypeScript file`,
      'write a startCommand instead',
    );
  }
  return ['node', path];
}

/** As `require` resolves it, for the forms that are in use (Node.js, "Folders as modules"). */
function mainFile(directory: string, main: string): Promise<string | undefined> {
  const path = posix.normalize(main).replace(/^\.?\//, '');
  if (path.startsWith('..')) return Promise.resolve(undefined);
  return firstFile(directory, [path, `${path}.js`, posix.join(path, 'index.js')]);
}

async function firstFile(directory: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) if (await isFile(directory, name)) return name;
  return undefined;
}

async function isFile(directory: string, name: string): Promise<boolean> {
  const found = await stat(join(directory, name)).catch(() => undefined);
  return found?.isFile() ?? false;
}
