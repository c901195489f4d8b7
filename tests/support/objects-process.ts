import { join } from 'node:path';
import type { SignerKey } from './s3-signer.ts';
import { startProcess } from './started-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface ObjectsProcess extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  readonly key: SignerKey;
}

const program = join(import.meta.dirname, 'objects-role-program.ts');

/** The real objects role as a process of its own, with `bucket` in it. */
export async function startObjectsProcess(bucket: string): Promise<ObjectsProcess> {
  await using starting = new AsyncDisposableStack();
  const directory = starting.use(await temporaryDirectory());
  const command = [process.execPath, program, directory.path, bucket];
  const child = starting.use(await startProcess(command, { cwd: directory.path, env: process.env }));
  const { port, key } = JSON.parse(child.firstLine) as Pick<ObjectsProcess, 'port' | 'key'>;
  const running = starting.move();
  return { pid: child.pid, port, key, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
