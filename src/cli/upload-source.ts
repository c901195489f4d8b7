import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtempDisposable, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ApiClient } from '../control/api/client.ts';
import { startProgress } from './output/progress.ts';
import { packSource } from './source-archive.ts';

/** Packs `directory` and sends it; resolves to the id of the upload. */
export async function uploadSource(api: ApiClient, directory: string): Promise<string> {
  await using temporary = await mkdtempDisposable(join(tmpdir(), 'holdfast-deploy-'));
  const archive = await pack(directory, join(temporary.path, 'source.tar.gz'));
  const progress = startProgress('Uploading');
  try {
    const answer = await api.uploads.$post(
      { header: { 'content-digest': `sha-256=:${archive.sha256}:` } },
      {
        init: { body: Readable.toWeb(Readable.from(counted(archive, progress.update))), duplex: 'half' } as RequestInit,
      },
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

async function pack(directory: string, path: string): Promise<Archive> {
  const hash = createHash('sha256');
  const tee = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(packSource(directory), tee, createWriteStream(path, { mode: 0o600 }));
  return { path, size: (await stat(path)).size, sha256: hash.digest('base64') };
}

async function* counted({ path, size }: Archive, count: (done: number, total: number) => void) {
  let done = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    yield chunk;
    done += chunk.length;
    count(done, size);
  }
}
