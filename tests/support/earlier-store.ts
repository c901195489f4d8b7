import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { SignerKey } from './s3-signer.ts';

const fixtures = join(import.meta.dirname, '../fixtures/earlier-stores');

interface PackedFile {
  readonly path: string;
  /** Bytes; what is missing of them are zeros. */
  readonly length: number;
  /** In base64. */
  readonly bytes: string;
}

/** What an earlier version answered of the store that it had written. */
export interface EarlierModel {
  /** Of an operator. */
  readonly key: SignerKey;
  readonly buckets: Readonly<Record<string, object>>;
}

/** Puts the data directory that an earlier version wrote into `root`; what there is: `tests/fixtures/earlier-stores`. */
export async function unpackEarlierStore(name: string, root: string): Promise<EarlierModel> {
  const packed = await readFile(join(fixtures, `${name}.files.br`));
  const files = JSON.parse(brotliDecompressSync(packed).toString()) as readonly PackedFile[];
  for (const { path, length, bytes } of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes, 'base64');
    await truncate(join(root, path), length);
  }
  return JSON.parse(await readFile(join(fixtures, `${name}.model.json`), 'utf8')) as EarlierModel;
}
