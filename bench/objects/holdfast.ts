import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
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

interface HoldfastOptions {
  readonly encrypted?: boolean;
  readonly gateways?: number;
}

/** As users have it, or without encryption at rest. */
export async function startHoldfast(
  directory: string,
  { encrypted = true, gateways = 0 }: HoldfastOptions = {},
): Promise<HoldfastServer> {
  await using starting = new AsyncDisposableStack();
  const started = (program: URL, ...args: readonly string[]) =>
    starting.adopt(fork(fileURLToPath(program), args), ended);
  const server = new URL('./holdfast-server.ts', import.meta.url);
  const child = started(server, directory, encrypted ? 'encrypted' : 'plain', String(gateways > 0));
  const { port, ...keys } = await answer<ServerUp>(child);
  const gateway = new URL('./holdfast-gateway.ts', import.meta.url);
  for (let n = 0; n < gateways; n++) await answer(started(gateway, storeSocketIn(directory), String(port)));
  const fill = async (request: FillRequest) => {
    child.send(request);
    await answer(child);
  };
  await fill({ bucket: 'bench', keys: { prefix: '', count: 0 }, sizeBytes: 0 });
  const running = starting.move();
  return {
    name: encrypted ? 'holdfast' : 'plain',
    endpoint: `http://127.0.0.1:${port}`,
    bucket: 'bench',
    ...keys,
    fill,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

export function storeSocketIn(directory: string): string {
  return join(directory, 'store.sock');
}

/** Each ends with its parent. */
async function ended(child: ChildProcess): Promise<void> {
  if (!child.connected) return;
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
}

/** The child's next message; its end instead is an error. */
async function answer<T>(child: ChildProcess): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const ended = (code: number | null) => reject(new Error(`the object store ended with ${code}`));
  child.once('message', (message) => resolve(message as T)).once('exit', ended);
  return promise.finally(() => child.off('exit', ended));
}
