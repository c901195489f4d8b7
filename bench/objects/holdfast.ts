import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { KeySet } from '../support/object-load.ts';
import type { S3Endpoint } from '../support/s3-endpoint.ts';

export interface FillRequest {
  readonly bucket: string;
  readonly keys: KeySet;
  readonly sizeBytes: number;
}

/** What the server says when it listens. */
export interface ServerUp {
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Our object store without the rest of the platform. */
export interface HoldfastServer extends S3Endpoint, AsyncDisposable {
  /** Puts through the engine, durably and many at once; makes the bucket unless it is there. */
  fill(request: FillRequest): Promise<void>;
}

/** As users have it, or without encryption at rest. */
export async function startHoldfast(
  directory: string,
  { encrypted = true }: { readonly encrypted?: boolean } = {},
): Promise<HoldfastServer> {
  const program = fileURLToPath(new URL('./holdfast-server.ts', import.meta.url));
  const child = fork(program, [directory, encrypted ? 'encrypted' : 'plain']);
  const { port, ...keys } = await answer<ServerUp>(child);
  const fill = async (request: FillRequest) => {
    child.send(request);
    await answer(child);
  };
  await fill({ bucket: 'bench', keys: { prefix: '', count: 0 }, sizeBytes: 0 });
  return {
    name: encrypted ? 'holdfast' : 'plain',
    endpoint: `http://127.0.0.1:${port}`,
    bucket: 'bench',
    ...keys,
    fill,
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

/** The child's next message; its end instead is an error. */
async function answer<T>(child: ChildProcess): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const ended = (code: number | null) => reject(new Error(`the object store ended with ${code}`));
  child.once('message', (message) => resolve(message as T)).once('exit', ended);
  return promise.finally(() => child.off('exit', ended));
}
