import type { Generated } from 'kysely';
import type { DeploymentStatus, StorageView } from '../platform.ts';

/**
 * The tables as SQL sees them: integers for booleans, text for JSON, milliseconds
 * since the epoch for time, so that SQLite and PostgreSQL run the same queries.
 */
export interface Schema {
  readonly apps: AppsTable;
  readonly scales: ScalesTable;
  readonly releases: ReleasesTable;
  readonly builds: BuildsTable;
  readonly deployments: DeploymentsTable;
  readonly transitions: TransitionsTable;
  readonly instances: InstancesTable;
  readonly counters: CountersTable;
  readonly slots: SlotsTable;
  readonly storage: StorageTable;
  readonly grants: GrantsTable;
  readonly secrets: SecretsTable;
  readonly tokens: TokensTable;
  readonly steps: StepsTable;
}

export type Flag = 0 | 1;

export interface AppsTable {
  name: string;
  currentRelease: number | null;
  /** 1 while its services are being stopped for good. */
  destroying: Flag;
  createdAt: number;
}

/** Instances asked for with `scale`; absent: the app file's minimum. */
export interface ScalesTable {
  app: string;
  service: string;
  count: number;
}

/** Immutable, but for `pruned`: its artifacts have been removed. */
export interface ReleasesTable {
  app: string;
  version: number;
  spec: string;
  /** JSON: secret name → version. */
  secrets: string;
  createdAt: number;
  pruned: Flag;
}

/** One build serves every service of the release with the same source, commands and environment. */
export interface BuildsTable {
  app: string;
  release: number;
  name: string;
  /** JSON array. */
  services: string;
  status: 'pending' | 'built' | 'failed';
  /** JSON array: argv of the start command. */
  command: string | null;
  error: string | null;
}

export interface DeploymentsTable {
  id: string;
  app: string;
  release: number;
  /** The release that served when it began. */
  previousRelease: number | null;
  kind: 'deploy' | 'rollback';
  status: DeploymentStatus;
  reason: string;
  /** Set when it has turned around: why. */
  turnedBack: string | null;
  createdAt: number;
  /** Start of the present stage. */
  stageAt: number;
  finishedAt: number | null;
}

export interface TransitionsTable {
  deployment: string;
  sequence: number;
  at: number;
  status: DeploymentStatus;
  reason: string;
}

export type InstancePhase = 'starting' | 'active' | 'draining' | 'failed' | 'ended';

export interface InstancesTable {
  id: string;
  app: string;
  service: string;
  release: number;
  slot: number;
  phase: InstancePhase;
  /** Why it is in this phase, where that is not obvious. */
  reason: string;
  createdAt: number;
  /** First time healthy. */
  activeAt: number | null;
  /** Since when the edge sends it nothing new. */
  drainAt: number | null;
  /** The driver refused to start it, for good. */
  startError: string | null;
  endedAt: number | null;
}

/** Last number given to an instance by id prefix. Never goes back, also not when an app is destroyed. */
export interface CountersTable {
  name: string;
  value: number;
}

/** Failures in a row of one slot of one release. */
export interface SlotsTable {
  app: string;
  service: string;
  slot: number;
  release: number;
  failures: number;
  retryAt: number;
  reason: string;
}

export interface StorageTable {
  id: string;
  kind: StorageView['kind'];
  app: string | null;
  name: string;
  /** Buckets: the name that S3 clients use; fixed at creation. */
  realName: string | null;
  region: string | null;
  sizeBytes: number | null;
  /** JSON of the bucket's or filesystem's settings as last applied. */
  settings: string;
  /** JSON: the snapshot that a volume begins as a copy of; `null`: empty. */
  source: string;
  /** `file`: an app file names it or did; `command`: made with the CLI. */
  origin: 'file' | 'command';
  state: StorageView['state'];
  /** 0 until the driver has it. */
  ready: Flag;
  purgeAt: number | null;
  /** Volumes: the service and slot whose instance mounts it. */
  boundService: string | null;
  boundSlot: number | null;
  createdAt: number;
}

/** Real names of the buckets that the key of a service reaches. */
export interface GrantsTable {
  app: string;
  service: string;
  /** JSON array, sorted. */
  buckets: string;
}

export interface SecretsTable {
  app: string;
  name: string;
  version: number;
  /** `core/envelope.ts`, base64; `null`: unset with this version. */
  sealed: string | null;
  createdAt: number;
}

export interface TokensTable {
  id: string;
  name: string;
  /** SHA-256 of the token, hex. */
  hash: string;
  createdAt: number;
}

/** The journal: a row before an action, completed after it. */
export interface StepsTable {
  id: Generated<number>;
  app: string;
  name: string;
  action: string;
  startedAt: number;
  finishedAt: number | null;
  error: string | null;
}
