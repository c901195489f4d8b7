import { readdir, readFile } from 'node:fs/promises';
import { exec } from '../../../core/exec.ts';

/** A process of this machine. Zombies count as ended and are left out. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Tells two processes with the same pid apart, also across a reboot. Opaque. */
  readonly startTime: string;
}

/** What the driver needs to know of the machine's processes. */
export interface ProcessTable {
  /** `undefined` when there is no such process, or only its zombie. */
  find(pid: number): Promise<ProcessEntry | undefined>;
  all(): Promise<readonly ProcessEntry[]>;
  /** argv as it is now. */
  commandLine(pid: number): Promise<readonly string[]>;
  /** Environment at exec; empty where the system does not tell. */
  environment(pid: number): Promise<ReadonlyMap<string, string>>;
}

export async function openProcessTable(platform: NodeJS.Platform = process.platform): Promise<ProcessTable> {
  return platform === 'linux' ? linuxProcessTable() : psProcessTable();
}

async function linuxProcessTable(): Promise<ProcessTable> {
  // Start times count from boot: the boot's id keeps those of different boots apart.
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const find = async (pid: number) => parseProcStat(await readProc(`/proc/${pid}/stat`, ''), boot);
  return {
    find,
    async all() {
      const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
      const entries = await Promise.all(pids.map(find));
      return entries.filter((entry) => entry !== undefined);
    },
    commandLine: async (pid) => (await readProc(`/proc/${pid}/cmdline`, '')).split('\0').slice(0, -1),
    environment: async (pid) => parseEnvironment(await readProc(`/proc/${pid}/environ`, '')),
  };
}

/** Gone meanwhile, or another user's: none of our business. */
async function readProc(path: string, fallback: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => fallback);
}

/** proc_pid_stat(5). The name (field 2) may hold spaces and parentheses: fields count from its last one. */
export function parseProcStat(text: string, boot: string): ProcessEntry | undefined {
  const nameEnd = text.lastIndexOf(')');
  if (nameEnd < 0) return undefined;
  const field = (number: number) => fields[number - 3] ?? '';
  const fields = text.slice(nameEnd + 2).split(' ');
  if ('ZXx'.includes(field(3))) return undefined;
  return {
    pid: Number.parseInt(text, 10),
    parent: Number(field(4)),
    group: Number(field(5)),
    startTime: `${boot}:${field(22)}`,
  };
}

function parseEnvironment(text: string): ReadonlyMap<string, string> {
  const pairs = text.split('\0').filter((pair) => pair.includes('='));
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

/** ps(1) as POSIX and the BSDs have it; `lstart` counts in seconds. */
function psProcessTable(): ProcessTable {
  const ps = async (columns: string, ...selection: string[]) => {
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    return (await exec(['ps', ...selection, '-ww', '-o', columns], { env })).stdout;
  };
  const columns = 'pid=,ppid=,pgid=,stat=,lstart=';
  const parse = (text: string) => text.split('\n').flatMap((line) => parsePsLine(line) ?? []);
  return {
    find: async (pid) => parse(await ps(columns, '-p', String(pid)).catch(() => ''))[0],
    all: async () => parse(await ps(columns, '-ax')),
    commandLine: async (pid) => (await ps('command=', '-p', String(pid)).catch(() => '')).trim().split(' '),
    environment: async () => new Map(),
  };
}

export function parsePsLine(line: string): ProcessEntry | undefined {
  const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
  if (!match || match[4]?.startsWith('Z')) return undefined;
  return { pid: Number(match[1]), parent: Number(match[2]), group: Number(match[3]), startTime: match[5] ?? '' };
}
