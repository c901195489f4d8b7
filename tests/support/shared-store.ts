import { join } from 'node:path';
import { createLogger } from '../../src/core/log.ts';
import { MemoryObjectStore } from '../../src/objects/memory-store/memory-object-store.ts';
import { connectObjectStore, type RemoteObjectStoreOptions } from '../../src/objects/remote/remote-object-store.ts';
import { StoreServer } from '../../src/objects/remote/store-server.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export const CODE = Buffer.alloc(32, 1);
const CHUNK = 64 * 1024;
export const metadata = { contentType: 'text/plain', headers: {}, user: {} };

/** Stores and gateways to them, over one socket; all are closed with it. */
export class SharedStore implements AsyncDisposable {
  readonly socketPath: string;
  readonly stack: AsyncDisposableStack;

  private constructor(socketPath: string, stack: AsyncDisposableStack) {
    this.socketPath = socketPath;
    this.stack = stack;
  }

  static async open(): Promise<SharedStore> {
    const stack = new AsyncDisposableStack();
    return new SharedStore(join(stack.use(await temporaryDirectory()).path, 'store.sock'), stack);
  }

  async serve(store: ObjectStore, code = CODE): Promise<StoreServer> {
    const log = createLogger('objects', 'silent');
    const { socketPath } = this;
    return this.stack.adopt(
      await StoreServer.listen({ store, keys: () => [], webhooks: () => [], socketPath, code, log }),
      (server) => server.close(),
    );
  }

  async connect(options: Partial<RemoteObjectStoreOptions> = {}) {
    const { socketPath } = this;
    return this.stack.adopt(await connectObjectStore({ socketPath, code: CODE, ...options }), (store) => store.close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stack.disposeAsync();
  }
}

/** With a bucket `data`. */
export async function stored(objects: Readonly<Record<string, Buffer>>): Promise<MemoryObjectStore> {
  const store = new MemoryObjectStore();
  await store.createBucket('data');
  for (const [key, bytes] of Object.entries(objects)) {
    await store.put({ bucket: 'data', key, metadata, body: pieces(bytes) });
  }
  return store;
}

export async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}

export function isAway(store: ObjectStore): boolean {
  try {
    store.buckets();
    return false;
  } catch {
    return true;
  }
}
