import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { HoldfastError } from '../../src/core/errors.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import type { PartInfo } from '../../src/objects/store/upload.ts';
import { contentOf, type History, type Operation } from './object-engine-history.ts';
import type { BegunUpload } from './object-engine-uploads.ts';

/** Takes down what a writer says until its end. */
export async function listen(child: ChildProcess, history: History): Promise<void> {
  if (!child.stdout) throw new Error('no pipe');
  for await (const line of createInterface({ input: child.stdout })) takeDown(line, history);
}

export function takeDown(line: string, history: History): void {
  const said = parseLine(line);
  if (!said) return;
  const { uploads } = history;
  if (said.word === 'try') history.tried(said.operation);
  else if (said.word === 'done') history.done(said.operation);
  else if (said.word === 'part') uploads.part(said.upload, said.part);
  else if (said.word === 'begun') uploads.begun(said.upload);
  else uploads.resumed();
}

/** A line of a writer. */
export type Said =
  | { readonly word: 'try' | 'done'; readonly operation: Operation }
  | { readonly word: 'begun' | 'resumed'; readonly upload: BegunUpload }
  | { readonly word: 'part'; readonly upload: BegunUpload; readonly part: Pick<PartInfo, 'partNumber' | 'etag'> };

/** The last line can be cut by the kill: then it was not said. */
function parseLine(line: string): Said | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** What is wrong in the store after a crash, nothing when it holds what was acknowledged. Settles the history. */
export async function discrepancies(store: ObjectStore, bucket: string, history: History): Promise<readonly string[]> {
  if (!store.bucket(bucket)) return history.acknowledged > 0 ? [`the bucket ${bucket} is gone`] : [];
  const wrong: string[] = [];
  const present: string[] = [];
  let bytes = 0;
  for (const [key, possible] of history.keys) {
    const found = await read(store, bucket, key);
    if (found instanceof Error) {
      wrong.push(`${key} cannot be read: ${found}`);
      continue;
    }
    const match = possible.find(
      (operation) => digest(operation && contentOf(operation.seed, operation.size)) === digest(found),
    );
    const isKnown = match !== undefined || (found === undefined && possible.includes(undefined));
    if (!isKnown)
      wrong.push(`${key} holds ${found?.length ?? 'no'} bytes, none of ${possible.length} possible contents`);
    if (found) present.push(key);
    bytes += found?.length ?? 0;
    history.settle(key, match);
  }
  wrong.push(...(await history.uploads.discrepancies(store, bucket)));
  const listed = await listAll(store, bucket);
  if (listed.join() !== present.sort().join()) {
    const surplus = listed.filter((key) => !present.includes(key));
    const missing = present.filter((key) => !listed.includes(key));
    wrong.push(`the listing has [${surplus}] too much, lacks [${missing}], or is not sorted`);
  }
  const usage = await store.usage(bucket);
  if (usage.objects !== present.length || usage.bytes !== bytes) {
    wrong.push(`the usage is ${JSON.stringify(usage)} with ${present.length} objects of ${bytes} bytes`);
  }
  return wrong;
}

async function listAll(store: ObjectStore, bucket: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
    const page = await store.list({ bucket, limit: 7, after });
    keys.push(...page.objects.map(({ key }) => key));
    after = page.next;
  }
  return keys;
}

/** `undefined` where nothing is. */
async function read(store: ObjectStore, bucket: string, key: string): Promise<Buffer | Error | undefined> {
  try {
    const object = await store.open(bucket, key);
    try {
      return Buffer.concat(await Array.fromAsync(object.body()));
    } finally {
      object.release();
    }
  } catch (error) {
    if (HoldfastError.from(error).code === 'object.not-found') return undefined;
    return error as Error;
  }
}

function digest(bytes: Buffer | undefined): string {
  return bytes ? createHash('sha256').update(bytes).digest('hex') : 'nothing';
}
