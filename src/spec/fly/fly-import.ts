import { invalidValue, type Path, type Problem, unknownName, validate } from '../schema/validate.ts';
import { FlyDraft } from './fly-draft.ts';
import { type FlyFile, flySchema } from './fly-schema.ts';
import { flyDuration, flyMachineSize, flyMemory } from './fly-units.ts';
import { webKeys } from './fly-web.ts';

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

class FlyImport {
  readonly #fly: FlyFile;
  readonly #raw: Readonly<Record<string, unknown>>;
  readonly #groups: readonly string[];
  readonly #draft = new FlyDraft();

  constructor(fly: FlyFile, raw: Readonly<Record<string, unknown>>) {
    this.#fly = fly;
    this.#raw = raw;
    this.#groups = Object.keys(fly.processes ?? {});
  }

  run(): Imported {
    this.#checkGroups();
    const groups = this.#groups.length > 0 ? this.#groups : [ONLY_PROCESS];
    const services = Object.fromEntries(
      groups.map((group) => {
        const name = this.#groups.length > 0 ? group : ONLY_SERVICE;
        return [name, this.#service(name, group)];
      }),
    );
    return {
      document: { app: this.#fly.app, resources: { ...services, ...this.#volumes(Object.keys(services)) } },
      notices: this.#draft.notices,
      problems: this.#draft.problems,
      origin: (path) => this.#draft.origin(path),
    };
  }

  #service(name: string, group: string): unknown {
    const { http_service: http, processes, kill_timeout: stop } = this.#fly;
    const isWeb = http ? runsIn(http, group) : this.#groups.length === 0;
    const command = processes?.[group];
    const resource = this.#draft.made(['resources', name], name, command === undefined ? [] : ['processes', group]);
    const path = ['resources', resource, 'properties'];
    const commandPath = [...path, 'packaging', 'startCommand'];
    return {
      type: isWeb ? 'web-service' : 'worker-service',
      properties: {
        packaging: { type: 'source', ...this.#draft.key(commandPath, command, ['processes', group]) },
        resources: this.#machine([...path, 'resources'], group),
        environment: this.#environment([...path, 'environment']),
        volumeMounts: this.#mounts([...path, 'volumeMounts'], group),
        ...this.#draft.key([...path, 'stopTimeout'], stop === undefined ? stop : flyDuration(stop, 's'), [
          'kill_timeout',
        ]),
        ...(isWeb && webKeys(this.#draft, path, this.#fly)),
      },
    };
  }

  #machine(path: Path, group: string): Record<string, unknown> {
    const machines = this.#fly.vm ?? [];
    const index = machines.findIndex((machine) => runsIn(machine, group));
    const vm = machines[index];
    if (!vm) return {};
    const origin = this.#element('vm', index);
    const named = vm.size === undefined ? undefined : flyMachineSize(vm.size);
    if (vm.size !== undefined && !named) {
      const message = `expected a size such as shared-cpu-1x or performance-2x, found "${vm.size}"`;
      this.#draft.problems.push(invalidValue([...origin, 'size'], message));
    }
    const memory = vm.memory === undefined ? named?.memory : flyMemory(vm.memory);
    return {
      ...this.#draft.key([...path, 'cpu'], vm.cpus ?? named?.cpu, [...origin, 'cpus']),
      ...this.#draft.key([...path, 'memory'], memory, [...origin, 'memory']),
    };
  }

  /** `PORT` and `HOST` are the platform's to give: what agrees with it is left out, what does not is refused later. */
  #environment(path: Path): Record<string, unknown> {
    const port = this.#fly.http_service?.internal_port ?? 8080;
    const entries = Object.entries(this.#fly.env ?? {}).filter(([name, value]) => {
      const given = (name === 'PORT' && String(value) === String(port)) || name === 'HOST';
      if (given) this.#draft.notice(`env.${name} is left out: the platform gives it`);
      return !given;
    });
    return Object.fromEntries(
      entries.map(([name, value]) => [name, this.#draft.made([...path, name], value, ['env', name])]),
    );
  }

  #mounts(path: Path, group: string): unknown[] {
    const mounts = (this.#fly.mounts ?? []).map((mount, index) => ({ mount, origin: this.#element('mounts', index) }));
    return mounts
      .filter(({ mount }) => runsIn(mount, group))
      .map(({ mount, origin }, i) => ({
        type: 'volume',
        properties: {
          ...this.#draft.key([...path, i, 'properties', 'volumeName'], mount.source, [...origin, 'source']),
          ...this.#draft.key([...path, i, 'properties', 'mountPath'], mount.destination, [...origin, 'destination']),
        },
      }));
  }

  #volumes(services: readonly string[]): Record<string, unknown> {
    const volumes = (this.#fly.mounts ?? []).map((mount, index) => {
      const { source: name, initial_size: size, snapshot_retention: retention } = mount;
      const origin = this.#element('mounts', index);
      const path = ['resources', this.#draft.made(['resources', name], name, [...origin, 'source']), 'properties'];
      if (services.includes(name)) {
        const message = `expected a name of its own, found that of the service "${name}"`;
        this.#draft.problems.push(invalidValue([...origin, 'source'], message));
      }
      const properties = {
        ...this.#draft.key([...path, 'size'], size, [...origin, 'initial_size']),
        ...this.#draft.key([...path, 'region'], this.#fly.primary_region, ['primary_region']),
        ...this.#draft.key([...path, 'snapshotRetention'], retention, [...origin, 'snapshot_retention']),
      };
      return [name, { type: 'volume', properties }] as const;
    });
    return Object.fromEntries(volumes);
  }

  #checkGroups(): void {
    const known = this.#groups.length > 0 ? this.#groups : [ONLY_PROCESS];
    const { http_service: http, mounts = [], vm = [] } = this.#fly;
    const users = [
      { origin: ['http_service'], processes: http?.processes },
      ...mounts.map(({ processes }, i) => ({ origin: this.#element('mounts', i), processes })),
      ...vm.map(({ processes }, i) => ({ origin: this.#element('vm', i), processes })),
    ];
    for (const { origin, processes = [] } of users) {
      for (const group of processes.filter((name) => !known.includes(name))) {
        const message = unknownName('a name of [processes]', group, known);
        this.#draft.problems.push(invalidValue([...origin, 'processes'], message));
      }
    }
  }

  /** Path of one table of an array of tables, which may also be written as one table. */
  #element(table: 'mounts' | 'vm', index: number): Path {
    return Array.isArray(this.#raw[table]) ? [table, index] : [table];
  }
}

/** Without `processes`, something belongs to all of them. */
function runsIn({ processes }: { readonly processes?: readonly string[] | undefined }, group: string): boolean {
  return processes === undefined || processes.includes(group);
}
