import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonFile, renameDurable, writeFileDurable } from '../../../core/durable-files.ts';
import type { Mount } from '../../service-driver.ts';
import type { LauncherIdentity } from './instance-processes.ts';
import { type LauncherFiles, parseExitFile } from './launcher.ts';

/**
 * What is known of an instance, on disk before its process exists. The
 * environment is not in it: it holds secrets.
 */
export interface InstanceRecord {
  readonly id: string;
  readonly app: string;
  readonly service: string;
  readonly release: string;
  readonly port: number | null;
  readonly mounts: readonly Mount[];
  readonly sandbox: 'bubblewrap' | 'links';
  /** The release's node_modules, shown to the instance read-only instead of copied. */
  readonly modules?: string | undefined;
  readonly startedAt: number;
  /** Name of this start; see launcher.ts. */
  readonly ticket: string;
  /** Absent until it has been spawned; `null` when it had ended before it could be looked at. */
  readonly launcher?: LauncherIdentity | null;
}

/** Where an instance's files are. */
export interface InstanceFiles extends LauncherFiles {
  readonly directory: string;
  readonly record: string;
  /** The copy of the app. */
  readonly app: string;
  readonly temporary: string;
}

/** The instances of one driver directory: `instances/<id>/`, and `removed/` for what is being deleted. */
export class InstanceStore {
  readonly #instances: string;
  readonly #removed: string;

  constructor(directory: string) {
    this.#instances = join(directory, 'instances');
    this.#removed = join(directory, 'removed');
  }

  /** Finishes removals that a crash cut off, and drops directories that never got a record. */
  async open(): Promise<void> {
    await mkdir(this.#instances, { recursive: true, mode: 0o700 });
    await rm(this.#removed, { recursive: true, force: true });
    await mkdir(this.#removed, { recursive: true, mode: 0o700 });
    for (const id of await readdir(this.#instances)) {
      if ((await this.read(id)) === undefined) await this.delete(id);
    }
  }

  files(id: string, ticket = ''): InstanceFiles {
    const directory = join(this.#instances, id);
    return {
      directory,
      record: join(directory, 'instance.json'),
      app: join(directory, 'app'),
      temporary: join(directory, 'tmp'),
      ticket: join(directory, `ticket.${ticket}`),
      started: join(directory, 'started'),
      exit: join(directory, 'exit'),
    };
  }

  async list(): Promise<readonly InstanceRecord[]> {
    const ids = (await readdir(this.#instances)).sort();
    const records = await Promise.all(ids.map((id) => this.read(id)));
    return records.filter((record) => record !== undefined);
  }

  read(id: string): Promise<InstanceRecord | undefined> {
    return readJsonFile(this.files(id).record);
  }

  async write(record: InstanceRecord): Promise<void> {
    await writeFileDurable(this.files(record.id).record, `${JSON.stringify(record)}\n`);
  }

  /** After the rename the instance is gone for every reader; the deletion itself may take its time or be cut off. */
  async delete(id: string): Promise<void> {
    const removed = join(this.#removed, id);
    await rm(removed, { recursive: true, force: true });
    try {
      await renameDurable(this.files(id).directory, removed);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    await rm(removed, { recursive: true, force: true });
  }

  /** As in `parseExitFile`. */
  async exitCode(id: string): Promise<number | null | undefined> {
    const text = await readFile(this.files(id).exit, 'utf8').catch(() => '');
    return parseExitFile(text);
  }
}
