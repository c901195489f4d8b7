import { constants } from 'node:fs';
import { access, readdir, readFile, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Readable } from 'node:stream';
import ignore, { type Ignore } from 'ignore';
import { create } from 'tar';
import { HoldfastError, isNodeError } from '../core/errors.ts';
import { shortReason } from './user-files.ts';

/** Made anew by every build, or none of the app's business: left out whatever the ignore file says. */
const ALWAYS_LEFT_OUT = new Set(['node_modules', '.git', '.holdfast']);

/** The first of them that is there counts, alone. */
const IGNORE_FILES = ['.holdfastignore', '.dockerignore', '.gitignore'];

/** Times of a checkout or an editor are not content: the same content gives the same bytes. */
const MTIME = new Date('2000-01-01T00:00:00Z');

/**
 * The files of `directory` as a gzipped tar: sorted, without owners, links only
 * where they stay inside.
 * @throws HoldfastError `source.unreadable` (through the stream)
 */
export function packSource(directory: string): Readable {
  return Readable.from(pack(directory));
}

async function* pack(directory: string): AsyncGenerator<Buffer> {
  const paths = ['.'];
  for await (const path of sourcePaths(directory, await readIgnoreFile(directory))) paths.push(`./${path}`);
  const archive = create(
    {
      cwd: directory,
      portable: true,
      noDirRecurse: true,
      mtime: MTIME,
      gzip: { level: 6 },
      onWriteEntry: ({ stat }) => {
        if (stat) stat.mode = stat.isDirectory() || stat.mode & 0o111 ? 0o755 : 0o644;
      },
    },
    paths,
  );
  yield* archive as AsyncIterable<Buffer>;
}

async function readIgnoreFile(directory: string): Promise<Ignore> {
  for (const name of IGNORE_FILES) {
    const text = await readFile(join(directory, name), 'utf8').catch((error) => {
      if (isNodeError(error, 'ENOENT')) return undefined;
      throw unreadable(name, error);
    });
    if (text !== undefined) return ignore().add(name === '.dockerignore' ? anchored(text) : text);
  }
  return ignore();
}

/** Patterns of a .dockerignore count from the top, those of a .gitignore without a slash from anywhere. */
function anchored(text: string): string[] {
  const patterns = text.split('\n').map((line) => line.trim());
  const named = patterns.filter((pattern) => pattern !== '' && !pattern.startsWith('#'));
  return named.map((pattern) => {
    const [, not = '', path = ''] = /^(!?)\/*(.*)$/.exec(pattern) ?? [];
    return `${not}/${path}`;
  });
}

/** Paths below `directory`, a directory before its content, in an order that depends on names alone. */
async function* sourcePaths(directory: string, ignored: Ignore, below = ''): AsyncGenerator<string> {
  const entries = await readdir(join(directory, below), { withFileTypes: true }).catch((error) => {
    throw unreadable(below || directory, error);
  });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = posix.join(below, entry.name);
    if (ALWAYS_LEFT_OUT.has(entry.name) || ignored.ignores(entry.isDirectory() ? `${path}/` : path)) continue;
    if (entry.isDirectory()) {
      yield path;
      yield* sourcePaths(directory, ignored, path);
    } else if (entry.isSymbolicLink()) {
      if (staysInside(path, await readlink(join(directory, path)))) yield path;
    } else if (entry.isFile()) {
      await access(join(directory, path), constants.R_OK).catch((error) => {
        throw unreadable(path, error);
      });
      yield path;
    }
  }
}

/** As the builder takes them: relative, `..` only at the beginning and not above the top. */
function staysInside(path: string, target: string): boolean {
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const firstName = parts.findIndex((part) => part !== '..');
  const climbs = firstName === -1 ? parts.length : firstName;
  const depth = path.split('/').length - 1;
  return !target.startsWith('/') && climbs <= depth && !parts.slice(climbs).includes('..');
}

function unreadable(path: string, cause: unknown): HoldfastError {
  return new HoldfastError({
    code: 'source.unreadable',
    kind: 'invalid',
    message: `${path} cannot be read: ${shortReason(cause)}`,
    hint: 'make it readable, or leave it out by a line in .holdfastignore',
    cause,
  });
}
