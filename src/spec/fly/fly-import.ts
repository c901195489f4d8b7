import { invalidValue, type Path, type Problem, unknownName, validate } from '../schema/validate.ts';
import { type FlyFile, flySchema } from './fly-schema.ts';
import { flyDuration, flyMachineSize, flyMemory, flyMilliseconds } from './fly-units.ts';

/** A file of another platform as an app file. */
export interface Imported {
  readonly document: unknown;
  readonly notices: readonly string[];
  /** With paths of the original. */
  readonly problems: readonly Problem[];
  /** Where in the original stands what `path` of the document was made of. */
  readonly origin: (path: Path) => Path;
}

/** fly.toml as an app file: `[http_service]` is a web service, other `[processes]` are workers, `[mounts]` are volumes. */
export function importFlyToml(value: unknown): Imported {
  const result = validate(flySchema, value);
  if (!result.success) return { document: {}, notices: [], problems: result.problems, origin: (path) => path };
  return new FlyImport(result.data, value as Readonly<Record<string, unknown>>).run();
}

/** Name of the service when the file names no processes, and of the process group that Fly then assumes. */
const ONLY_SERVICE = 'web';
const ONLY_PROCESS = 'app';

type HttpService = NonNullable<FlyFile['http_service']>;
type Check = NonNullable<HttpService['checks']>[number];

class FlyImport {
  readonly #fly: FlyFile;
  readonly #raw: Readonly<Record<string, unknown>>;
  readonly #groups: readonly string[];
  readonly #resources: Record<string, unknown> = {};
  readonly #origins = new Map<string, Path>();
  readonly #notices: string[] = [];
  readonly #problems: Problem[] = [];

  constructor(fly: FlyFile, raw: Readonly<Record<string, unknown>>) {
    this.#fly = fly;
    this.#raw = raw;
    this.#groups = Object.keys(fly.processes ?? {});
  }

  run(): Imported {
    this.#checkGroups();
    if (this.#groups.length === 0) this.#service(ONLY_SERVICE, ONLY_PROCESS);
    for (const group of this.#groups) this.#service(group, group);
    this.#volumes();
    return {
      document: { app: this.#fly.app, resources: this.#resources },
      notices: this.#notices,
      problems: this.#problems,
      origin: (path) => this.#origin(path),
    };
  }

  #origin(path: Path): Path {
    for (let length = path.length; length > 0; length--) {
      const origin = this.#origins.get(JSON.stringify(path.slice(0, length)));
      if (origin) return origin;
    }
    return path.length === 1 ? path : [];
  }

  /** `value`, noted as made of what stands at `origin`. */
  #made<T>(path: Path, value: T, origin: Path): T {
    this.#origins.set(JSON.stringify(path), origin);
    return value;
  }

  #service(name: string, group: string): void {
    const http = this.#fly.http_service;
    const isWeb = http ? runsIn(http, group) : this.#groups.length === 0;
    const at: Path = ['resources', name];
    this.#made(at, name, this.#groups.length > 0 ? ['processes', name] : []);
    const properties = {
      ...this.#packaging(at, group),
      ...this.#machine(at, group),
      environment: this.#environment(at, http?.internal_port ?? 8080),
      ...(this.#fly.kill_timeout !== undefined && {
        stopTimeout: this.#made([...at, 'properties', 'stopTimeout'], flyDuration(this.#fly.kill_timeout, 's'), [
          'kill_timeout',
        ]),
      }),
      volumeMounts: this.#mounts(at, group),
      ...(isWeb && this.#web(at, http ?? {})),
    };
    this.#resources[name] = { type: isWeb ? 'web-service' : 'worker-service', properties };
  }

  #packaging(at: Path, group: string) {
    const command = this.#fly.processes?.[group];
    if (!command) return {};
    const path = [...at, 'properties', 'packaging', 'startCommand'];
    return { packaging: { type: 'source', startCommand: this.#made(path, command, ['processes', group]) } };
  }

  #machine(at: Path, group: string) {
    const machines = this.#fly.vm ?? [];
    const index = machines.findIndex((machine) => runsIn(machine, group));
    const vm = machines[index];
    if (!vm) return {};
    const origin = this.#element('vm', index);
    const named = vm.size === undefined ? undefined : flyMachineSize(vm.size);
    if (vm.size !== undefined && !named) {
      this.#problems.push(
        invalidValue(
          [...origin, 'size'],
          `expected a size such as shared-cpu-1x or performance-2x, found "${vm.size}"`,
        ),
      );
    }
    const cpu = vm.cpus ?? named?.cpu;
    const memory = vm.memory === undefined ? named?.memory : flyMemory(vm.memory);
    const path = [...at, 'properties', 'resources'];
    return {
      resources: {
        ...(cpu !== undefined && { cpu: this.#made([...path, 'cpu'], cpu, [...origin, 'cpus']) }),
        ...(memory !== undefined && { memory: this.#made([...path, 'memory'], memory, [...origin, 'memory']) }),
      },
    };
  }

  /** `PORT` and `HOST` are the platform's to give: what agrees with it is left out, what does not is refused later. */
  #environment(at: Path, port: number): Record<string, unknown> {
    const entries = Object.entries(this.#fly.env ?? {}).filter(([name, value]) => {
      const given = (name === 'PORT' && String(value) === String(port)) || name === 'HOST';
      if (given) this.#notice(`env.${name} is left out: the platform gives it`);
      return !given;
    });
    for (const [name] of entries) this.#made([...at, 'properties', 'environment', name], name, ['env', name]);
    return Object.fromEntries(entries);
  }

  #mounts(at: Path, group: string): unknown[] {
    const mounts = (this.#fly.mounts ?? []).map((mount, index) => ({ mount, index }));
    return mounts
      .filter(({ mount }) => runsIn(mount, group))
      .map(({ mount, index }, i) => {
        const path = [...at, 'properties', 'volumeMounts', i, 'properties'];
        const origin = this.#element('mounts', index);
        return {
          type: 'volume',
          properties: {
            volumeName: this.#made([...path, 'volumeName'], mount.source, [...origin, 'source']),
            mountPath: this.#made([...path, 'mountPath'], mount.destination, [...origin, 'destination']),
          },
        };
      });
  }

  #volumes(): void {
    for (const [index, mount] of (this.#fly.mounts ?? []).entries()) {
      const origin = this.#element('mounts', index);
      const at: Path = ['resources', mount.source];
      const taken = this.#resources[mount.source] as { readonly type: string } | undefined;
      if (taken && taken.type !== 'volume') {
        this.#problems.push(
          invalidValue(
            [...origin, 'source'],
            `expected a name of its own, found that of the service "${mount.source}"`,
          ),
        );
        continue;
      }
      this.#made(at, mount.source, [...origin, 'source']);
      const path = [...at, 'properties'];
      const { initial_size: size, snapshot_retention: retention } = mount;
      const region = this.#fly.primary_region;
      this.#resources[mount.source] = {
        type: 'volume',
        properties: {
          ...(size !== undefined && { size: this.#made([...path, 'size'], size, [...origin, 'initial_size']) }),
          ...(region !== undefined && { region: this.#made([...path, 'region'], region, ['primary_region']) }),
          ...(retention !== undefined && {
            snapshotRetention: this.#made([...path, 'snapshotRetention'], retention, [...origin, 'snapshot_retention']),
          }),
        },
      };
    }
  }

  #web(at: Path, http: HttpService) {
    this.#webNotices(http);
    const path = [...at, 'properties'];
    const { internal_port: port, min_machines_running: machines = 1 } = http;
    const tasks = Math.max(1, machines);
    return {
      ...(port !== undefined && { port: this.#made([...path, 'port'], port, ['http_service', 'internal_port']) }),
      ...(tasks > 1 && {
        scaling: {
          minTasks: this.#made([...path, 'scaling', 'minTasks'], tasks, ['http_service', 'min_machines_running']),
          maxTasks: Math.max(10, tasks),
        },
      }),
      ...this.#healthCheck(path, http.checks ?? []),
    };
  }

  #webNotices(http: HttpService): void {
    if (http.force_https) this.#notice('http_service.force_https has no effect: HTTPS is not available yet');
    if (http.min_machines_running === 0)
      this.#notice('http_service.min_machines_running is 0: one instance runs all the same');
    if (http.auto_stop_machines && http.auto_stop_machines !== 'off') {
      this.#notice('http_service.auto_stop_machines has no effect: instances keep running');
    }
  }

  #healthCheck(path: Path, checks: readonly Check[]) {
    const [check, second] = checks;
    if (second) {
      const message = 'more than one health check is not available yet';
      this.#problems.push({ ...invalidValue(['http_service', 'checks', 1], message), kind: 'not-available' });
    }
    const grace = this.#gracePeriod(check);
    if (!check) return grace ? { healthCheck: { gracePeriod: grace } } : {};
    const at = [...path, 'healthCheck'];
    const origin: Path = ['http_service', 'checks', 0];
    return {
      healthCheck: {
        path: this.#made([...at, 'path'], check.path ?? '/', [...origin, 'path']),
        ...(grace && { gracePeriod: this.#made([...at, 'gracePeriod'], grace, [...origin, 'grace_period']) }),
        ...this.#timing([...at, 'interval'], { value: check.interval, least: 5000, origin: [...origin, 'interval'] }),
        ...this.#timing([...at, 'timeout'], { value: check.timeout, least: 2000, origin: [...origin, 'timeout'] }),
      },
    };
  }

  /** Fly waits for `deploy.wait_timeout`, and does not count failures within `grace_period`. */
  #gracePeriod(check: Check | undefined): string | number | undefined {
    const wait = this.#fly.deploy?.wait_timeout;
    if (wait !== undefined) return flyDuration(wait, 's');
    const grace = check?.grace_period;
    if (grace === undefined) return undefined;
    const ms = flyMilliseconds(grace, 'ms');
    return ms === undefined ? grace : `${Math.max(60_000, ms)}ms`;
  }

  #timing(path: Path, { value, least, origin }: { value: string | number | undefined; least: number; origin: Path }) {
    const name = String(path.at(-1));
    if (value === undefined) return {};
    const ms = flyMilliseconds(value, 'ms');
    if (ms !== undefined && ms < least)
      this.#notice(`http_service.checks: the ${name} becomes ${least / 1000}s, the least there is`);
    return { [name]: this.#made(path, ms === undefined ? value : `${Math.max(least, ms)}ms`, origin) };
  }

  #checkGroups(): void {
    const known = this.#groups.length > 0 ? this.#groups : [ONLY_PROCESS];
    const users: [Path, readonly string[] | undefined][] = [
      [['http_service', 'processes'], this.#fly.http_service?.processes],
      ...(['mounts', 'vm'] as const).flatMap((table) =>
        (this.#fly[table] ?? []).map(({ processes }, i): [Path, readonly string[] | undefined] => [
          [...this.#element(table, i), 'processes'],
          processes,
        ]),
      ),
    ];
    for (const [path, groups = []] of users) {
      for (const group of groups) {
        if (known.includes(group)) continue;
        this.#problems.push(invalidValue(path, unknownName('a name of [processes]', group, known)));
      }
    }
  }

  #element(table: 'mounts' | 'vm', index: number): Path {
    return Array.isArray(this.#raw[table]) ? [table, index] : [table];
  }

  #notice(text: string): void {
    const line = `fly.toml: ${text}`;
    if (!this.#notices.includes(line)) this.#notices.push(line);
  }
}

/** Without `processes`, something belongs to all of them. */
function runsIn({ processes }: { readonly processes?: readonly string[] | undefined }, group: string): boolean {
  return processes === undefined || processes.includes(group);
}
