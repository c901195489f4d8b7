import type { AppSpec } from '../../spec/app-spec.ts';
import type { Database } from './database.ts';

export interface ReleaseRecord {
  readonly app: string;
  readonly version: number;
  readonly spec: AppSpec;
  /** Secret versions that its instances get. */
  readonly secrets: Readonly<Record<string, number>>;
  readonly createdAt: number;
  /** Its artifacts are gone; it cannot be deployed again. */
  readonly pruned: boolean;
}

export interface BuildRecord {
  readonly app: string;
  readonly release: number;
  /** Its directory under the release's. */
  readonly name: string;
  readonly services: readonly string[];
  readonly status: 'pending' | 'built' | 'failed';
  readonly command: readonly string[] | null;
  readonly error: string | null;
}

/** Releases and the builds that they are made of. */
export class ReleaseStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async insert(release: Omit<ReleaseRecord, 'pruned'>): Promise<void> {
    const { spec, secrets, ...columns } = release;
    await this.#db
      .insertInto('releases')
      .values({ ...columns, spec: JSON.stringify(spec), secrets: JSON.stringify(secrets), pruned: 0 })
      .execute();
  }

  async get(app: string, version: number): Promise<ReleaseRecord | undefined> {
    const row = await this.#db
      .selectFrom('releases')
      .selectAll()
      .where('app', '=', app)
      .where('version', '=', version)
      .executeTakeFirst();
    return row && parseRelease(row);
  }

  /** Newest first. */
  async list(app: string): Promise<readonly ReleaseRecord[]> {
    const rows = await this.#db
      .selectFrom('releases')
      .selectAll()
      .where('app', '=', app)
      .orderBy('version', 'desc')
      .execute();
    return rows.map(parseRelease);
  }

  async lastVersion(app: string): Promise<number> {
    const row = await this.#db
      .selectFrom('releases')
      .select((select) => select.fn.max('version').as('last'))
      .where('app', '=', app)
      .executeTakeFirst();
    return row?.last ?? 0;
  }

  async markPruned(app: string, versions: readonly number[]): Promise<void> {
    if (versions.length === 0) return;
    await this.#db
      .updateTable('releases')
      .set({ pruned: 1 })
      .where('app', '=', app)
      .where('version', 'in', versions)
      .execute();
  }

  async insertBuilds(builds: readonly Pick<BuildRecord, 'app' | 'release' | 'name' | 'services'>[]): Promise<void> {
    if (builds.length === 0) return;
    const rows = builds.map(({ services, ...build }) => ({
      ...build,
      services: JSON.stringify(services),
      status: 'pending' as const,
      command: null,
      error: null,
    }));
    await this.#db.insertInto('builds').values(rows).execute();
  }

  async builds(app: string, release: number): Promise<readonly BuildRecord[]> {
    const rows = await this.#db
      .selectFrom('builds')
      .selectAll()
      .where('app', '=', app)
      .where('release', '=', release)
      .orderBy('name')
      .execute();
    return rows.map(({ services, command, ...row }) => ({
      ...row,
      services: JSON.parse(services),
      command: command === null ? null : JSON.parse(command),
    }));
  }

  async finishBuild(
    build: Pick<BuildRecord, 'app' | 'release' | 'name'>,
    outcome: { readonly command: readonly string[] } | { readonly error: string },
  ): Promise<void> {
    const set =
      'command' in outcome
        ? { status: 'built' as const, command: JSON.stringify(outcome.command), error: null }
        : { status: 'failed' as const, command: null, error: outcome.error };
    await this.#db
      .updateTable('builds')
      .set(set)
      .where('app', '=', build.app)
      .where('release', '=', build.release)
      .where('name', '=', build.name)
      .execute();
  }
}

function parseRelease(row: {
  readonly app: string;
  readonly version: number;
  readonly spec: string;
  readonly secrets: string;
  readonly createdAt: number;
  readonly pruned: number;
}): ReleaseRecord {
  return { ...row, spec: JSON.parse(row.spec), secrets: JSON.parse(row.secrets), pruned: row.pruned === 1 };
}
