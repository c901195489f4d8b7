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

/** The launcher that took this ticket, if it is alive. */
export async function findLauncher(
  table: ProcessTable,
  { ticket }: { readonly ticket: string },
): Promise<ProcessEntry | undefined> {
  for (const entry of await table.all()) {
    // Its own group: a child that it has forked and that has not yet executed its program looks the same otherwise.
    if (entry.pid === entry.group && isLauncher(await table.commandLine(entry.pid), ticket)) return entry;
  }
  return undefined;
}

/** The app's own process below the launcher; `undefined` while it is being set up, and after its end. */
export async function findApp(
  table: ProcessTable,
  launcher: number,
  sandbox: 'bubblewrap' | 'links',
): Promise<ProcessEntry | undefined> {
  const entries = await table.all();
  // bwrap waits outside the pid namespace for its first process, which waits for the app.
  const generations = sandbox === 'bubblewrap' ? 3 : 1;
  let current: ProcessEntry | undefined = entries.find((entry) => entry.pid === launcher);
  for (let i = 0; i < generations && current; i++) current = eldestChild(entries, current.pid);
  return current;
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
export async function findMembers(
  table: ProcessTable,
  { ticket, launcher = null }: Start,
): Promise<readonly ProcessEntry[]> {
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

export function isSame(entry: ProcessEntry | undefined, identity: LauncherIdentity | null): boolean {
  return entry !== undefined && entry.pid === identity?.pid && entry.startTime === identity.startTime;
}

/** A process that is gone already is as good as signalled. */
export function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!isNodeError(error, 'ESRCH')) throw error;
  }
}
