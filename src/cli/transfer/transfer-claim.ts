import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessLock } from '../../core/process-lock.ts';
import { stateDirectory } from './state-directory.ts';

export interface TransferClaim {
  release(): Promise<void>;
}

/**
 * The right to go on with a transfer that was interrupted. `undefined` while another process is at the same one, which
 * would lose what it has, and where this user cannot keep anything: then the transfer is made at one go.
 */
export async function claimTransfer(name: string): Promise<TransferClaim | undefined> {
  const directory = join(stateDirectory(), 'claims');
  const path = join(directory, createHash('sha256').update(name).digest('hex'));
  const lock = await takeLock(directory, path).catch(() => undefined);
  return (
    lock && {
      release: async () => {
        await rm(path, { force: true });
        lock.release();
      },
    }
  );
}

async function takeLock(directory: string, path: string): Promise<ProcessLock | undefined> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { acquireProcessLock } = await import('../../core/process-lock.ts');
  return acquireProcessLock(path);
}
