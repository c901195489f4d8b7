import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { StorageView } from '../../src/control/platform.ts';
import type { AppSpec, ServiceSpec } from '../../src/spec/app-spec.ts';

export interface StorageItem {
  readonly id: string;
  readonly kind: StorageView['kind'];
  readonly realName: string | null;
  readonly state: StorageView['state'];
}

/** The control plane's tables, read from outside: no step of it, no chance, no time. */
export class Records {
  readonly #sqlite: DatabaseSync;

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
  }

  /** Least count that the serving file and the one on its way ask for; 0 when one of them does without the service. */
  wantedCount(route: string): number {
    const [app = '', service = ''] = route.split('/');
    const scale = this.#all<{ count: number }>('select count from scales where app = ? and service = ?', app, service);
    const counts = this.#inForce(route).map((spec) =>
      spec ? Math.min(spec.scaling.maxTasks, scale[0]?.count ?? spec.scaling.minTasks) : 0,
    );
    return Math.min(...counts);
  }

  /** With a volume in the serving file or in the one on its way, an old instance leaves before the new one starts. */
  isReplacedInPlace(route: string): boolean {
    return this.#inForce(route).some((spec) => spec !== undefined && spec.volumeMounts.length > 0);
  }

  /** The service in the serving file and in that of the open deployment; `undefined` where it is not, or not any more. */
  #inForce(route: string): readonly (ServiceSpec | undefined)[] {
    const [app = '', service = ''] = route.split('/');
    const [record] = this.#all<{ currentRelease: number | null; destroying: number }>(
      'select * from apps where name = ?',
      app,
    );
    if (!record || record.destroying === 1 || record.currentRelease === null) return [undefined];
    const open = this.#all<{ release: number }>(
      'select release from deployments where app = ? and finishedAt is null',
      app,
    );
    const versions = [record.currentRelease, ...open.map(({ release }) => release)];
    return versions.map((version) => this.spec(app, version)?.services[service]);
  }

  spec(app: string, version: number): AppSpec | undefined {
    const [row] = this.#all<{ spec: string }>('select spec from releases where app = ? and version = ?', app, version);
    return row && (JSON.parse(row.spec) as AppSpec);
  }

  /** Status → number of deployments that ended so, or have not. */
  outcomes(): Record<string, number> {
    const rows = this.#all<{ status: string; count: number }>(
      'select status, count(*) as count from deployments group by status',
    );
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  }

  apps() {
    return this.#all<{ name: string; currentRelease: number | null; destroying: number }>('select * from apps');
  }

  openDeployments() {
    return this.#all<{ id: string; status: string; reason: string }>(
      'select * from deployments where finishedAt is null',
    );
  }

  instances() {
    return this.#all<{ id: string; app: string; service: string; release: number; slot: number; phase: string }>(
      "select * from instances where phase != 'ended'",
    );
  }

  liveInstances(): readonly string[] {
    return this.instances().map(({ id }) => id);
  }

  storage(): readonly StorageItem[] {
    return this.#all<StorageItem>("select * from storage where state != 'destroyed' order by createdAt, id");
  }

  destroyed(): readonly StorageItem[] {
    return this.#all<StorageItem>("select * from storage where state = 'destroyed' order by id");
  }

  isDestroyed(id: string): boolean {
    return this.destroyed().some((item) => item.id === id);
  }

  volumes(app: string, name: string) {
    return this.#all<{ id: string }>(
      "select id from storage where kind = 'volume' and app = ? and name = ? and state != 'destroyed' and ready = 1",
      app,
      name,
    );
  }

  #all<T>(sql: string, ...parameters: SQLInputValue[]): T[] {
    return this.#sqlite.prepare(sql).all(...parameters) as T[];
  }
}
