import { join } from 'node:path';
import type { SignerKey } from './s3-signer.ts';
import { startProcess } from './started-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface ObjectsProcess extends AsyncDisposable {
  /** Holds the store. */
  readonly directory: string;
  readonly pid: number;
  readonly port: number;
  readonly key: SignerKey;
  readonly adminSocket: string;
  readonly storeSocket: string;
}

export interface GatewayProcess extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
}

const program = join(import.meta.dirname, 'objects-role-program.ts');
const gatewayProgram = join(import.meta.dirname, 'gateway-role-program.ts');

/** The real objects role as a process of its own, with `bucket` in it; in `existing`, or in a directory that goes with it. */
export async function startObjectsProcess(bucket: string, existing?: string): Promise<ObjectsProcess> {
  await using starting = new AsyncDisposableStack();
  const directory = existing ?? starting.use(await temporaryDirectory()).path;
  const command = [process.execPath, program, directory, bucket];
  const child = starting.use(await startProcess(command, { cwd: directory, env: process.env }));
  const said = JSON.parse(child.firstLine) as Omit<ObjectsProcess, 'directory' | 'pid' | keyof AsyncDisposable>;
  const running = starting.move();
  return { directory, pid: child.pid, ...said, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** A gateway on a port of its own, over the store of `objects`. */
export async function startGatewayProcess({ storeSocket }: ObjectsProcess): Promise<GatewayProcess> {
  const command = [process.execPath, gatewayProgram, storeSocket];
  const child = await startProcess(command, { cwd: import.meta.dirname, env: process.env });
  const { port } = JSON.parse(child.firstLine) as Pick<GatewayProcess, 'port'>;
  return { pid: child.pid, port, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}
