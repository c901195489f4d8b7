import type { Clock } from '../../../core/clock.ts';
import { isNodeError } from '../../../core/errors.ts';
import { isLauncher } from './launcher.ts';
import type { ProcessEntry, ProcessTable } from './process-table.ts';

/**
 * In the environment of every process of an instance: the ticket of its start, and not its id, for another platform on
 * this machine may have an instance of the same id.
 */
export const MARKER = 'HOLDFAST_START';

/** A pid alone can be another process by now. */
export interface LauncherIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** One start of an instance. */
export interface Start {
  readonly ticket: string;
  readonly launcher?: LauncherIdentity | null | undefined;
}

/** An instance that was started. */
export interface Started extends Start {
  readonly sandbox: 'bubblewrap' | 'links';
}

const POLL_MS = 20;
/** How long a killed app's launcher may take to write down the exit code before it is killed too. */
const EXIT_CODE_MS = 1000;

/** The processes of instances: which there are, and how they end. */
export class InstanceProcesses {
  readonly #table: ProcessTable;
  readonly #clock: Clock;

  constructor(table: ProcessTable, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  /** The process of that pid, to be known again. */
  async identify(pid: number): Promise<LauncherIdentity | null> {
    return identity(await this.#table.find(pid));
  }

  /** The launcher that took this ticket, if it is alive. */
  async findLauncher(ticket: string): Promise<LauncherIdentity | null> {
    for (const entry of await this.#table.all()) {
      // Its own group: a child that it has forked and that has not yet executed its program looks the same otherwise.
      const isOwnGroup = entry.pid === entry.group;
      if (isOwnGroup && isLauncher(await this.#table.commandLine(entry.pid), ticket)) return identity(entry);
    }
    return null;
  }

  async isAlive({ launcher }: Start): Promise<boolean> {
    return !!launcher && isSame(await this.#table.find(launcher.pid), launcher);
  }

  /** Of the app; empty where there is none. */
  async environment(started: Started): Promise<Readonly<Record<string, string>>> {
    const app = await this.#findApp(started);
    return app ? Object.fromEntries(await this.#table.environment(app.pid)) : {};
  }

  /** SIGTERM to the app, again if another process took its place (the launcher was still on its way to it). */
  async askToEnd(started: Started, graceMs: number): Promise<void> {
    const deadline = this.#clock.now() + graceMs;
    let asked: number | undefined;
    while ((await this.isAlive(started)) && this.#clock.now() < deadline) {
      if (asked === undefined || !(await this.#table.find(asked))) {
        asked = await this.#signalApp(started, 'SIGTERM');
      }
      await this.#clock.sleep(POLL_MS);
    }
  }

  async kill(started: Started): Promise<void> {
    // The app first, so that the launcher can write down how it ended.
    if ((await this.isAlive(started)) && (await this.#signalApp(started, 'SIGKILL')) !== undefined) {
      const deadline = this.#clock.now() + EXIT_CODE_MS;
      while ((await this.isAlive(started)) && this.#clock.now() < deadline) await this.#clock.sleep(POLL_MS);
    }
    await this.killMembers(started);
  }

  /** Until a look at all processes finds none. */
  async killMembers(start: Start): Promise<void> {
    for (;;) {
      const members = await findMembers(this.#table, start);
      if (members.length === 0) return;
      for (const member of members) signal(member.pid, 'SIGKILL');
      await this.#clock.sleep(POLL_MS);
    }
  }

  async #signalApp(started: Started, name: 'SIGTERM' | 'SIGKILL'): Promise<number | undefined> {
    const app = await this.#findApp(started);
    if (app) signal(app.pid, name);
    return app?.pid;
  }

  /** The app's own process below the launcher; `undefined` while it is being set up, and after its end. */
  async #findApp({ launcher, sandbox }: Started): Promise<ProcessEntry | undefined> {
    if (!launcher) return undefined;
    const entries = await this.#table.all();
    // bwrap waits outside the pid namespace for its first process, which waits for the app.
    const generations = sandbox === 'bubblewrap' ? 3 : 1;
    let current: ProcessEntry | undefined = entries.find((entry) => entry.pid === launcher.pid);
    for (let i = 0; i < generations && current; i++) current = eldestChild(entries, current.pid);
    return current;
  }
}

function identity(entry: ProcessEntry | undefined): LauncherIdentity | null {
  return entry ? { pid: entry.pid, startTime: entry.startTime } : null;
}

/** Orphans inside a pid namespace become children of its first process too: the app came before them. */
function eldestChild(entries: readonly ProcessEntry[], parent: number): ProcessEntry | undefined {
  const children = entries.filter((entry) => entry.parent === parent);
  return children.sort((a, b) => startOrder(a) - startOrder(b) || a.pid - b.pid)[0];
}

function startOrder(entry: ProcessEntry): number {
  const ticks = Number(entry.startTime.split(':').pop());
  return Number.isNaN(ticks) ? Date.parse(entry.startTime) : ticks;
}

/** Everything of an instance that is alive: by the marker, by the launcher and its group, by descent. */
async function findMembers(table: ProcessTable, { ticket, launcher = null }: Start): Promise<readonly ProcessEntry[]> {
  const entries = await table.all();
  const marked = await Promise.all(entries.map((entry) => hasMarker(table, entry.pid, ticket)));
  const members = new Set(entries.filter((entry, i) => marked[i] || isSame(entry, launcher)));
  // A group's number can be another's by now, unless one of ours is in it.
  if ([...members].some((member) => member.group === launcher?.pid)) {
    for (const entry of entries) if (entry.group === launcher?.pid) members.add(entry);
  }
  for (let before = -1; before !== members.size; ) {
    before = members.size;
    const pids = new Set([...members].map((member) => member.pid));
    for (const entry of entries) if (pids.has(entry.parent)) members.add(entry);
  }
  return [...members];
}

async function hasMarker(table: ProcessTable, pid: number, ticket: string): Promise<boolean> {
  return (await table.environment(pid)).get(MARKER) === ticket;
}

function isSame(entry: ProcessEntry | undefined, identity: LauncherIdentity | null): boolean {
  return entry !== undefined && entry.pid === identity?.pid && entry.startTime === identity.startTime;
}

/** A process that is gone already is as good as signalled. */
function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!isNodeError(error, 'ESRCH')) throw error;
  }
}
