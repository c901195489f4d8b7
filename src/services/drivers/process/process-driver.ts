import { randomBytes } from 'node:crypto';
import { lstat, mkdir, unlink, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { copyTree } from '../../../core/copy-tree.ts';
import { HoldfastError, isNodeError } from '../../../core/errors.ts';
import { Exclusive } from '../../../core/exclusive.ts';
import type {
  HealthProbe,
  HealthResult,
  InstanceSpec,
  LogOptions,
  ObservedInstance,
  ServiceDriver,
  ServiceDriverCapabilities,
} from '../../service-driver.ts';
import { instanceRunning, spawnFailed } from './errors.ts';
import { instanceEnvironment, type PreparedCommand, prepareCommand } from './instance-command.ts';
import { InstanceProcesses } from './instance-processes.ts';
import { type InstanceRecord, InstanceStore } from './instance-record.ts';
import { linkMounts } from './links.ts';
import { type LogLimits, LogStore } from './log-store.ts';
import { PortClaims, type PortRange } from './ports.ts';
import { probeCommand, probeHttp, probeTcp, unhealthy } from './probes.ts';
import { openProcessTable, type ProcessTable } from './process-table.ts';
import { findBubblewrap } from './sandbox.ts';
import { spawnLauncher } from './spawn-launcher.ts';
import { checkSpec } from './spec-check.ts';

export interface ProcessDriverOptions {
  /** Holds `instances/`, `removed/` and `logs/`; one driver at a time. */
  readonly directory: string;
  /** `auto`: bubblewrap where it works. */
  readonly sandbox?: 'auto' | 'off' | undefined;
  readonly ports?: PortRange | undefined;
  /** What instances must never see; `directory` always is. The data directory belongs here. */
  readonly hidden?: readonly string[] | undefined;
  readonly log?: Partial<LogLimits> | undefined;
  readonly clock?: Clock | undefined;
}

const ROTATE_INTERVAL_MS = 1000;

/** Instances as processes of this machine; see ServiceDriver for the contract. */
export async function openProcessDriver(options: ProcessDriverOptions): Promise<ServiceDriver> {
  const found = options.sandbox === 'off' ? { reason: 'it is switched off' } : await findBubblewrap();
  const driver = new ProcessDriver({
    options,
    table: await openProcessTable(),
    bubblewrap: 'program' in found ? found.program : undefined,
    notice: 'program' in found ? undefined : noticeWithout(found.reason),
  });
  await driver.open();
  return driver;
}

function noticeWithout(reason: string): string {
  return `instances run without isolation, their mounts are links in the working directory: bubblewrap is not used, ${reason}`;
}

interface ProcessDriverParts {
  readonly options: ProcessDriverOptions;
  readonly table: ProcessTable;
  readonly bubblewrap: string | undefined;
  readonly notice: string | undefined;
}

class ProcessDriver implements ServiceDriver {
  readonly name = 'process';
  readonly capabilities: ServiceDriverCapabilities;
  readonly notice: string | undefined;
  readonly #bubblewrap: string | undefined;
  readonly #processes: InstanceProcesses;
  readonly #clock: Clock;
  readonly #hidden: readonly string[];
  readonly #store: InstanceStore;
  readonly #logs: LogStore;
  readonly #ports: PortClaims;
  readonly #queue = new Exclusive();
  /** Those that `list` shows: spawned and not removed. */
  readonly #records = new Map<string, InstanceRecord>();
  /** Only of instances that this object started; others tell theirs through the process table. */
  readonly #environments = new Map<string, Readonly<Record<string, string>>>();
  /** Of instances whose launcher has ended. */
  readonly #settled = new Map<string, Promise<void>>();
  readonly #rotation: NodeJS.Timeout;

  constructor({ options, table, bubblewrap, notice }: ProcessDriverParts) {
    const directory = resolve(options.directory);
    this.notice = notice;
    this.capabilities = { isolation: !!bubblewrap, absoluteMounts: !!bubblewrap, limits: false };
    this.#bubblewrap = bubblewrap;
    this.#clock = options.clock ?? systemClock;
    this.#processes = new InstanceProcesses(table, this.#clock);
    this.#hidden = [directory, ...(options.hidden ?? [])];
    this.#store = new InstanceStore(directory);
    this.#logs = new LogStore(directory, options.log);
    this.#ports = new PortClaims(options.ports);
    this.#rotation = setInterval(() => this.#logs.rotate(), ROTATE_INTERVAL_MS).unref();
  }

  /** Takes over what an earlier driver left, at whatever moment it died. */
  async open(): Promise<void> {
    await this.#store.open();
    for (const record of await this.#store.list()) {
      const adopted = record.launcher === undefined ? await this.#heal(record) : record;
      if (adopted) this.#adopt(adopted);
    }
  }

  start(spec: InstanceSpec): Promise<void> {
    return this.#queue.run(spec.id, async () => {
      if (this.#records.has(spec.id)) return;
      const sandbox = this.#bubblewrap ? 'bubblewrap' : 'links';
      checkSpec(spec, sandbox);
      const { directory } = this.#store.files(spec.id);
      const ticket = randomBytes(8).toString('hex');
      let port: number | null = null;
      try {
        await mkdir(directory, { mode: 0o700 });
        if (spec.listens) port = await this.#ports.claim(directory);
        const record = await this.#prepare(spec, { sandbox, port, ticket });
        await this.#launch(spec, record);
      } catch (error) {
        await this.#processes.killMembers({ ticket });
        await this.#forget(spec.id, port);
        throw HoldfastError.from(error);
      }
    });
  }

  stop(id: string, { graceMs }: { readonly graceMs: number }): Promise<void> {
    return this.#queue.run(id, async () => {
      const record = this.#records.get(id);
      if (!record) return;
      await this.#processes.askToEnd(record, graceMs);
      await this.#processes.kill(record);
    });
  }

  remove(id: string): Promise<void> {
    return this.#queue.run(id, async () => {
      const record = this.#records.get(id);
      if (!record) return;
      if (await this.#processes.isAlive(record)) throw instanceRunning(id);
      await this.#settle(record);
      await this.#forget(id, record.port);
      await this.#logs.retire(record);
    });
  }

  async list(): Promise<readonly ObservedInstance[]> {
    return Promise.all([...this.#records.values()].map((record) => this.#observe(record)));
  }

  async probe(id: string, probe: HealthProbe): Promise<HealthResult> {
    const record = this.#records.get(id);
    if (!record) return unhealthy('there is no such instance');
    const { status, exitCode, address } = await this.#observe(record);
    if (status === 'exited') return unhealthy(exitReason(exitCode));
    if (probe.kind === 'running') return { healthy: true };
    if (probe.kind === 'command') return this.#probeCommand(record, probe);
    if (!address) return unhealthy('the instance does not listen on a port');
    if (probe.kind === 'tcp') return probeTcp(address, probe.timeoutMs);
    return probeHttp(address, probe.path, probe.timeoutMs);
  }

  async *logs(id: string, options?: LogOptions): AsyncIterable<string> {
    const log = await this.#logs.find(id);
    if (log) yield* log.lines(this.#clock, options);
  }

  async close(): Promise<void> {
    clearInterval(this.#rotation);
  }

  /** A record without a launcher: the driver that wrote it died around the spawn. See launcher.ts. */
  async #heal(record: InstanceRecord): Promise<InstanceRecord | undefined> {
    const { ticket } = this.#store.files(record.id, record.ticket);
    try {
      await unlink(ticket);
      await this.#forget(record.id, record.port);
      return undefined;
    } catch (error) {
      if (!isNodeError(error, 'ENOENT')) throw error;
    }
    const healed = { ...record, launcher: await this.#processes.findLauncher(ticket) };
    await this.#store.write(healed);
    return healed;
  }

  #adopt(record: InstanceRecord): void {
    this.#records.set(record.id, record);
    this.#logs.adopt(record);
  }

  /** Everything that has to be on disk before the process exists. */
  async #prepare(
    spec: InstanceSpec,
    { sandbox, port, ticket }: Pick<InstanceRecord, 'sandbox' | 'port' | 'ticket'>,
  ): Promise<InstanceRecord> {
    const { id, app, service, release, mounts } = spec;
    const files = this.#store.files(id, ticket);
    const modules = sandbox === 'bubblewrap' ? await modulesOf(spec.rootDirectory) : undefined;
    await copyTree(spec.rootDirectory, files.app, { except: modules && 'node_modules' });
    await mkdir(files.temporary, { mode: 0o1777 });
    if (sandbox === 'links') await linkMounts(files.app, mounts);
    await writeFile(files.ticket, '');
    const startedAt = this.#clock.now();
    const record: InstanceRecord = { id, app, service, release, port, mounts, modules, sandbox, startedAt, ticket };
    await this.#store.write(record);
    return record;
  }

  async #launch(spec: InstanceSpec, record: InstanceRecord): Promise<void> {
    const files = this.#store.files(record.id, record.ticket);
    const environment = instanceEnvironment(spec, { record, files });
    const log = await this.#logs.create(record);
    const command = this.#prepareCommand(record, { environment, command: spec.command });
    const pid = await spawnLauncher(command, { files, logPath: log.path }).catch((error) => {
      throw spawnFailed(spec.id, error);
    });
    const launched = { ...record, launcher: await this.#processes.identify(pid) };
    await this.#store.write(launched);
    this.#environments.set(spec.id, environment);
    this.#adopt(launched);
  }

  #prepareCommand(
    record: InstanceRecord,
    {
      environment,
      command,
    }: { readonly environment: Readonly<Record<string, string>>; readonly command: readonly string[] },
  ): PreparedCommand {
    const files = this.#store.files(record.id);
    return prepareCommand({
      record,
      files,
      environment,
      command,
      bubblewrap: this.#bubblewrap,
      hidden: this.#hidden,
    });
  }

  async #observe(record: InstanceRecord): Promise<ObservedInstance> {
    const { id, startedAt, port } = record;
    if (await this.#processes.isAlive(record)) {
      return { id, status: 'running', startedAt, address: port === null ? undefined : { host: '127.0.0.1', port } };
    }
    await this.#settle(record);
    return { id, status: 'exited', startedAt, exitCode: await this.#store.exitCode(id) };
  }

  /** Exited means that nothing of it is alive: what its app left behind must not go on writing to its volumes. */
  #settle(record: InstanceRecord): Promise<void> {
    const known = this.#settled.get(record.id);
    if (known) return known;
    const settled = this.#processes.killMembers(record);
    this.#settled.set(record.id, settled);
    settled.catch(() => this.#settled.delete(record.id));
    return settled;
  }

  async #forget(id: string, port: number | null): Promise<void> {
    this.#records.delete(id);
    this.#environments.delete(id);
    this.#settled.delete(id);
    await this.#store.delete(id);
    if (port !== null) await this.#ports.release(port, this.#store.files(id).directory);
  }

  /** In a new sandbox with the same files and environment, not inside the instance's own: its processes are not seen. */
  async #probeCommand(
    record: InstanceRecord,
    { command, timeoutMs }: { readonly command: string; readonly timeoutMs: number },
  ): Promise<HealthResult> {
    try {
      const environment = await this.#environment(record);
      const prepared = this.#prepareCommand(record, { environment, command: ['/bin/sh', '-c', command] });
      return await probeCommand(prepared, timeoutMs);
    } catch (error) {
      return unhealthy(`the command could not be run: ${error instanceof Error ? error.message : error}`);
    }
  }

  async #environment(record: InstanceRecord): Promise<Readonly<Record<string, string>>> {
    const known = this.#environments.get(record.id);
    if (known) return known;
    const environment = await this.#processes.environment(record);
    if (environment.HOLDFAST_RELEASE === undefined) throw new Error('its environment cannot be read');
    this.#environments.set(record.id, environment);
    return environment;
  }
}

/**
 * Copying thousands of small files is most of what a start costs (3,000: 0.2 s
 * on an idle disk, seconds on a busy one), and an app has no business writing
 * to its dependencies: where a sandbox can hold them fixed they are shared.
 */
async function modulesOf(rootDirectory: string): Promise<string | undefined> {
  const path = resolve(rootDirectory, 'node_modules');
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() ? path : undefined;
}

function exitReason(exitCode: number | null | undefined): string {
  if (exitCode === undefined) return 'the instance has ended';
  return exitCode === null ? 'the instance was ended by a signal' : `the instance ended with exit code ${exitCode}`;
}
