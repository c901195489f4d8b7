import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectoryDurable, removeDurable, renameDurable } from '../core/durable-files.ts';
import { isNodeError } from '../core/errors.ts';

/** Files of releases: the uploaded source until it is built, the build's log, what was built. */
export interface ReleaseFiles {
  /** Moves an uploaded archive to its release. */
  takeArchive(release: ReleaseId, uploadedPath: string): Promise<void>;
  discardUpload(uploadedPath: string): Promise<void>;
  archivePath(release: ReleaseId): string;
  dropArchive(release: ReleaseId): Promise<void>;
  /** Where a build's result goes; `clearBuild` makes sure that nothing is there. */
  buildDirectory(release: ReleaseId, build: string): string;
  clearBuild(release: ReleaseId, build: string): Promise<void>;
  appendLog(release: ReleaseId, text: string): Promise<void>;
  readLog(release: ReleaseId): Promise<string>;
  /** Builds and source; the log stays. */
  removeArtifacts(release: ReleaseId): Promise<void>;
  removeApp(app: string): Promise<void>;
}

export interface ReleaseId {
  readonly app: string;
  readonly version: number;
}

/** `releases/<app>/<version>/{source.tgz,build.log,builds/<build>}` under the data directory. */
export function createReleaseFiles(dataDirectory: string): ReleaseFiles {
  const root = join(dataDirectory, 'releases');
  const directory = ({ app, version }: ReleaseId) => join(root, app, String(version));
  const archive = (release: ReleaseId) => join(directory(release), 'source.tgz');
  const log = (release: ReleaseId) => join(directory(release), 'build.log');
  const builds = (release: ReleaseId) => join(directory(release), 'builds');
  return {
    takeArchive: async (release, uploadedPath) => {
      await removeWithin(root, directory(release)); // a version that was never recorded, or of a destroyed app
      await makeDirectoryDurable(directory(release));
      await renameDurable(uploadedPath, archive(release));
    },
    discardUpload: (uploadedPath) => removeDurable(uploadedPath),
    archivePath: archive,
    dropArchive: (release) => removeWithin(directory(release), archive(release)),
    buildDirectory: (release, build) => join(builds(release), build),
    clearBuild: async (release, build) => {
      await makeDirectoryDurable(builds(release));
      await removeDurable(join(builds(release), build));
    },
    appendLog: async (release, text) => {
      await mkdir(directory(release), { recursive: true, mode: 0o700 });
      await appendFile(log(release), text, { mode: 0o600 });
    },
    readLog: async (release) => {
      try {
        return await readFile(log(release), 'utf8');
      } catch (error) {
        if (isNodeError(error, 'ENOENT')) return '';
        throw error;
      }
    },
    removeArtifacts: async (release) => {
      await removeWithin(directory(release), builds(release));
      await removeWithin(directory(release), archive(release));
    },
    removeApp: (app) => removeWithin(root, join(root, app)),
  };
}

/** `removeDurable` for a path whose parent may be gone as well. */
async function removeWithin(parent: string, path: string): Promise<void> {
  try {
    await removeDurable(path);
  } catch (error) {
    if (!isNodeError(error, 'ENOENT')) throw error;
    if (error.path !== parent) throw error;
  }
}
