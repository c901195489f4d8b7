import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ApiClient } from '../control/api/client.ts';
import { startProgress } from './output/progress.ts';
import { packSource } from './source-archive.ts';

/** Packs `directory` and sends it; resolves to the id of the upload. Nothing is left on this machine, however it ends. */
export async function uploadSource(api: ApiClient, directory: string, signal: AbortSignal): Promise<string> {
  await using temporary = await mkdtempDisposable(join(tmpdir(), 'holdfast-deploy-'));
  const archive = await pack(directory, join(temporary.path, 'source.tar.gz'), signal);
  const progress = startProgress('Uploading');
  try {
    const body = Readable.toWeb(Readable.from(counted(archive, progress.update)));
    const answer = await api.uploads.$post(
      { header: { 'content-digest': `sha-256=:${archive.sha256}:` } },
      { init: { body, duplex: 'half', signal } as RequestInit },
    );
    return (await answer.json()).id;
  } finally {
    progress.end();
  }
}

interface Archive {
  readonly path: string;
  readonly size: number;
  /** Base 64. */
  readonly sha256: string;
}

async function pack(directory: string, path: string, signal: AbortSignal): Promise<Archive> {
  const hash = createHash('sha256');
  const progress = startProgress('Packing');
  let size = 0;
  const measure = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      size += chunk.length;
      progress.update(size);
      yield chunk;
    }
  };
  const file = createWriteStream(path, { mode: 0o600 });
  await pipeline(packSource(directory), measure, file, { signal }).finally(progress.clear);
  return { path, size, sha256: hash.digest('base64') };
}

async function* counted({ path, size }: Archive, count: (done: number, total: number) => void) {
  let done = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    yield chunk;
    done += chunk.length;
    count(done, size);
  }
}
