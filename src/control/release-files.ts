import { appendFile, mkdir, readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectoryDurable, removeDurable, renameDurable } from '../core/durable-files.ts';
import { diskFull, isNodeError } from '../core/errors.ts';

/** Files of releases: the uploaded source until it is built, the build's log, what was built. */
export interface ReleaseFiles {
  /**
   * Room to start instances with, so that a deploy on a nearly full disk ends before it
   * stops anything that could not be started again.
   * @throws HoldfastError `disk.full`
   */
  requireRoom(): Promise<void>;
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

/** Less is left on a disk that counts as full, bytes. */
const ROOM = 64 * 1024 * 1024;

/** `releases/<app>/<version>/{source.tgz,build.log,builds/<build>}` under the data directory. */
export function createReleaseFiles(dataDirectory: string): ReleaseFiles {
  const root = join(dataDirectory, 'releases');
  const directory = ({ app, version }: ReleaseId) => join(root, app, String(version));
  const archive = (release: ReleaseId) => join(directory(release), 'source.tgz');
  const log = (release: ReleaseId) => join(directory(release), 'build.log');
  const builds = (release: ReleaseId) => join(directory(release), 'builds');
  return {
    requireRoom: async () => {
      const { bavail, bsize } = await statfs(dataDirectory);
      if (bavail * bsize < ROOM) throw diskFull(undefined, dataDirectory);
    },
    takeArchive: async (release, uploadedPath) => {
      await removeDurable(directory(release)); // a version that was never recorded, or of a destroyed app
      await makeDirectoryDurable(directory(release));
      await renameDurable(uploadedPath, archive(release));
    },
    discardUpload: (uploadedPath) => removeDurable(uploadedPath),
    archivePath: archive,
    dropArchive: (release) => removeDurable(archive(release)),
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
      await removeDurable(builds(release));
      await removeDurable(archive(release));
    },
    removeApp: (app) => removeDurable(join(root, app)),
  };
}
