import type { Backend, Route } from '../../edge/edge-admin.ts';
import type { AppSpec, ServiceSpec } from '../../spec/app-spec.ts';
import type { BuildRecord } from '../state/release-store.ts';
import type { InstancePhase } from '../state/schema.ts';
import type { StorageRecord } from '../state/storage-store.ts';

/** What an app shall be. */
export interface Desired {
  readonly app: string;
  /** The release that shall run now; `null`: nothing shall. */
  readonly run: TargetRelease | null;
  readonly deployment: OpenDeployment | null;
  /** Instances asked for with `scale`. */
  readonly scales: ReadonlyMap<string, number>;
  /** Everything is being stopped for good. */
  readonly destroying: boolean;
}

export interface TargetRelease {
  readonly version: number;
  readonly spec: AppSpec;
}

export interface OpenDeployment {
  readonly id: string;
  readonly release: number;
  readonly previousRelease: number | null;
  readonly status: 'building' | 'provisioning' | 'rolling';
  /** Why it has turned around; `null` while it goes forward. */
  readonly turnedBack: string | null;
  /** Start of the present stage. */
  readonly stageAt: number;
  /** The file that it deploys, also after it turned around. */
  readonly spec: AppSpec;
  readonly builds: readonly BuildRecord[];
}

/** What an app is: its records joined with what drivers, probes and the edge say. */
export interface Observed {
  /** All that have not ended, oldest first. */
  readonly instances: readonly ObservedInstance[];
  readonly slots: readonly SlotFailures[];
  /** Storage of the app and of no app, oldest first. */
  readonly storage: readonly ObservedStorage[];
  /** Service → buckets that its key reaches. */
  readonly grants: ReadonlyMap<string, readonly string[]>;
  /** `null`: the edge does not answer. */
  readonly edge: ObservedEdge | null;
  /** Number of the next instance of a service; absent: 1. */
  readonly nextNumbers: ReadonlyMap<string, number>;
  /** Every instance that runs, of any app, known or not. */
  readonly running: ReadonlySet<string>;
  /** Last failure of the actions that failed when last tried, by lane. */
  readonly troubles: ReadonlyMap<string, Trouble>;
}

export interface ObservedInstance {
  readonly id: string;
  readonly service: string;
  readonly release: number;
  readonly slot: number;
  readonly phase: Exclude<InstancePhase, 'ended'>;
  readonly createdAt: number;
  readonly activeAt: number | null;
  readonly drainAt: number | null;
  readonly startError: string | null;
  /** What its own release says of its service. */
  readonly spec: ServiceSpec;
  /** Public host names that its own release gives its service. */
  readonly hosts: readonly string[];
  readonly process: 'absent' | 'running' | 'exited';
  readonly exitCode: number | null;
  readonly address: { readonly host: string; readonly port: number } | null;
  readonly health: Health;
}

export interface Health {
  readonly state: 'unknown' | 'healthy' | 'unhealthy';
  /** Of the last failed probe. */
  readonly reason: string;
  readonly since: number;
}

export interface SlotFailures {
  readonly service: string;
  readonly slot: number;
  readonly release: number;
  /** In a row. */
  readonly failures: number;
  readonly retryAt: number;
  readonly reason: string;
}

export interface ObservedStorage
  extends Pick<
    StorageRecord,
    | 'id'
    | 'kind'
    | 'app'
    | 'name'
    | 'realName'
    | 'region'
    | 'sizeBytes'
    | 'settings'
    | 'origin'
    | 'state'
    | 'ready'
    | 'boundService'
    | 'boundSlot'
  > {
  /** Volumes: at most one. */
  readonly holders: readonly string[];
}

export interface ObservedEdge {
  /** Routes of this app in force. */
  readonly routes: readonly Route[];
  /** Requests under way, by instance; read after `routes`. */
  readonly inFlight: ReadonlyMap<string, number>;
}

export interface Trouble {
  readonly message: string;
  readonly retryable: boolean;
  /** Of the first failure in a row. */
  readonly since: number;
}

export function backendAtEdge(edge: ObservedEdge, instance: string): Backend | undefined {
  for (const route of edge.routes) {
    const backend = route.backends.find((candidate) => candidate.instance === instance);
    if (backend) return backend;
  }
  return undefined;
}
