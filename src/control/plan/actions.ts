import type { Route } from '../../edge/edge-admin.ts';
import type { DeploymentStatus } from '../platform.ts';
import type { BucketSettings } from '../state/storage-store.ts';

/**
 * Everything that control ever does. Each action may be run again after a crash
 * at any moment; what it needs beyond its fields is read when it runs.
 */
export type Action = BuildAction | DeploymentAction | StorageAction | InstanceAction | AccessAction | RouteAction;

export interface BuildAction {
  readonly kind: 'build';
  readonly release: number;
  readonly build: string;
}

export type DeploymentAction =
  | {
      readonly kind: 'advance-deployment';
      readonly deployment: string;
      readonly status: 'provisioning' | 'rolling';
      readonly reason: string;
    }
  /** The rollout turns around, toward the previous release. */
  | { readonly kind: 'turn-back'; readonly deployment: string; readonly reason: string }
  | {
      readonly kind: 'finish-deployment';
      readonly deployment: string;
      readonly status: Extract<DeploymentStatus, 'succeeded' | 'rolled-back' | 'failed'>;
      readonly reason: string;
    }
  | { readonly kind: 'forget-app' };

export type StorageAction =
  /** `id` absent: a new record first. */
  | {
      readonly kind: 'create-volume';
      readonly id?: string;
      readonly name: string;
      readonly sizeBytes: number;
      readonly region: string | null;
    }
  /** Makes a volume the app's and promises it to one slot; refused once it is not `from`'s, or `from` has an instance. */
  | { readonly kind: 'bind-volume'; readonly id: string; readonly from: Binding | null; readonly to: Binding }
  | { readonly kind: 'extend-volume'; readonly id: string; readonly sizeBytes: number }
  | { readonly kind: 'create-filesystem'; readonly id?: string; readonly name: string }
  | { readonly kind: 'ensure-bucket'; readonly id?: string; readonly name: string; readonly settings: BucketSettings }
  /** The app file names it (again): it is the app's and not detached. */
  | { readonly kind: 'claim-storage'; readonly id: string; readonly name: string }
  | { readonly kind: 'attach-volume'; readonly id: string; readonly holder: string }
  | { readonly kind: 'detach-volume'; readonly id: string; readonly holder: string }
  | {
      readonly kind: 'mount-filesystem';
      readonly id: string;
      readonly holder: string;
      readonly rootDirectory: string | null;
    }
  | { readonly kind: 'unmount-filesystem'; readonly id: string; readonly holder: string };

export interface Binding {
  readonly service: string;
  readonly slot: number;
}

export type InstanceAction =
  /** The record, before anything exists. */
  | {
      readonly kind: 'create-instance';
      readonly id: string;
      readonly service: string;
      readonly slot: number;
      readonly release: number;
      readonly number: number;
    }
  | { readonly kind: 'start-instance'; readonly id: string }
  /** It became healthy: it counts and is routed to. */
  | { readonly kind: 'activate-instance'; readonly id: string }
  | { readonly kind: 'drain-instance'; readonly id: string }
  /** It serves again, since what should have taken its place does not. */
  | { readonly kind: 'recall-instance'; readonly id: string }
  /** The edge sends it nothing new from now on: the time that its last requests have begins. */
  | { readonly kind: 'time-drain'; readonly id: string }
  /** It is given up: counted against its slot, its last lines kept for the reason. */
  | {
      readonly kind: 'fail-instance';
      readonly id: string;
      readonly reason: string;
      readonly failures: number;
      readonly retryAt: number;
    }
  | { readonly kind: 'stop-instance'; readonly id: string; readonly graceMs: number }
  /** Stopped and holding nothing: its files go, its record ends. */
  | { readonly kind: 'remove-instance'; readonly id: string };

export type AccessAction =
  | { readonly kind: 'grant-buckets'; readonly service: string; readonly buckets: readonly string[] }
  | { readonly kind: 'revoke-buckets'; readonly service: string };

export interface RouteAction {
  readonly kind: 'set-routes';
  /** All routes of this app; those of others stay. */
  readonly routes: readonly Route[];
}

/** Actions of one lane run one after the other, in the order of the plan; lanes run at the same time. */
export interface PlannedAction {
  readonly lane: string;
  readonly action: Action;
}

export function inLane(lane: string, actions: readonly Action[]): PlannedAction[] {
  return actions.map((action) => ({ lane, action }));
}
