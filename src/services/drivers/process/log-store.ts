import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LogFile } from './log-file.ts';

interface LogOwner {
  readonly id: string;
  readonly app: string;
  readonly service: string;
}

export interface LogLimits {
  /** Of one part; an instance has at most two. */
  readonly maxBytes: number;
  /** Logs of removed instances kept for each service. */
  readonly keep: number;
}

const DEFAULT_LOG_LIMITS: LogLimits = { maxBytes: 8 * 1024 * 1024, keep: 20 };

/** `logs/<app>/<service>/<id>.log`, which outlive their instances. */
export class LogStore {
  readonly #root: string;
  readonly #limits: LogLimits;
  readonly #open = new Map<string, LogFile>();

  constructor(directory: string, limits: Partial<LogLimits> = {}) {
    this.#root = join(directory, 'logs');
    this.#limits = { ...DEFAULT_LOG_LIMITS, ...limits };
  }

  /** Makes room for the log of a new instance. */
  async create(owner: LogOwner): Promise<LogFile> {
    const log = this.adopt(owner);
    await mkdir(dirname(log.path), { recursive: true, mode: 0o700 });
    return log;
  }

  /** From now on the log is rotated. */
  adopt({ id, app, service }: LogOwner): LogFile {
    const log = this.#open.get(id) ?? new LogFile(join(this.#root, app, service, `${id}.log`));
    this.#open.set(id, log);
    return log;
  }

  /** Also of an instance that was removed. */
  async find(id: string): Promise<LogFile | undefined> {
    const open = this.#open.get(id);
    if (open) return open;
    const names = await readdir(this.#root, { recursive: true }).catch(() => []);
    const name = names.find((candidate) => candidate.endsWith(`/${id}.log`));
    return name === undefined ? undefined : new LogFile(join(this.#root, name));
  }

  rotate(): void {
    for (const log of this.#open.values()) log.rotate(this.#limits.maxBytes);
  }

  /** The instance is gone: its log stays, the oldest of its service beyond the limit goes. */
  async retire({ id, app, service }: LogOwner): Promise<void> {
    this.#open.delete(id);
    const directory = join(this.#root, app, service);
    const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.log'));
    const retired = names.filter((name) => !this.#open.has(name.slice(0, -'.log'.length)));
    const dated = await Promise.all(retired.map((name) => lastWritten(join(directory, name))));
    const surplus = dated.sort((a, b) => b.at - a.at).slice(this.#limits.keep);
    for (const { path } of surplus) {
      await rm(`${path}.1`, { force: true });
      await rm(path, { force: true });
    }
  }
}

/** At the beginning of time when another removal has just deleted it. */
async function lastWritten(path: string): Promise<{ readonly path: string; readonly at: number }> {
  const found = await stat(path).catch(() => undefined);
  return { path, at: found?.mtimeMs ?? 0 };
}
