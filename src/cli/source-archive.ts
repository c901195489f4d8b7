import { Readable } from 'node:stream';
import { create } from 'tar';

/** Made anew by every build, or none of the app's business. */
const LEFT_OUT = new Set(['node_modules', '.git', '.holdfast']);

/** The files of `directory` as a gzipped tar. */
export function packSource(directory: string): Readable {
  const filter = (path: string) => !path.split('/').some((part) => LEFT_OUT.has(part));
  const archive = create({ gzip: { level: 6 }, cwd: directory, portable: true, filter }, ['.']);
  return Readable.from(archive as AsyncIterable<Buffer>);
}
