import type { Clock } from '../core/clock.ts';
import { newId } from '../core/ids.ts';
import type { Logger } from '../core/log.ts';
import { MasterKeyRotation } from './master-key-rotation.ts';
import { createApps } from './operations/apps.ts';
import { createDeployments } from './operations/deployments.ts';
import { createKeyOperations } from './operations/keys.ts';
import { createMasterKeyOperations } from './operations/master-key.ts';
import { createScrubOperations } from './operations/scrub.ts';
import { createStorageOperations } from './operations/storage.ts';
import { createStorageViews } from './operations/storage-view.ts';
import { plan } from './plan/plan.ts';
import { planPurge } from './plan/purge.ts';
import type { Platform } from './platform.ts';
import type { ControlConfig, ControlContext } from './reconcile/context.ts';
import type { Drivers } from './reconcile/drivers.ts';
import { type Planners, Reconciler } from './reconcile/reconciler.ts';
import { RouteBoard } from './reconcile/route-board.ts';
import { StorageTurns } from './reconcile/storage-turns.ts';
import { createReleaseFiles, type ReleaseFiles } from './release-files.ts';
import { SecretVault } from './secret-vault.ts';
import type { State } from './state/state.ts';

export interface PlatformOptions extends Drivers {
  readonly dataDirectory: string;
  readonly state: State;
  readonly masterKey: ControlContext['masterKey'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: ControlConfig;
  /** Where releases keep their files; default: under the data directory. */
  readonly files?: ReleaseFiles;
  /** What decides; default: the planners of `plan/`. */
  readonly planners?: Partial<Planners>;
  /** Where new ids come from; default: `core/ids.ts`. */
  readonly ids?: (prefix: string) => string;
}

export interface RunningPlatform {
  readonly platform: Platform;
  /** Begins to reconcile, wherever the last process left off. */
  start(): Promise<void>;
  /** Ends actions under way and nothing else: instances go on. */
  stop(): Promise<void>;
}

export function createPlatform(options: PlatformOptions): RunningPlatform {
  const { state, clock, log, config, services, volumes, filesystems, edge, objects, builder } = options;
  const stopping = new AbortController();
  const context: ControlContext = {
    state,
    drivers: { services, volumes, filesystems, edge, objects, builder },
    files: options.files ?? createReleaseFiles(options.dataDirectory),
    masterKey: options.masterKey,
    vault: new SecretVault(state, options.masterKey.keyring),
    routes: new RouteBoard(edge),
    storageTurns: new StorageTurns(state),
    clock,
    log,
    config,
    ids: options.ids ?? ((prefix) => newId(prefix, clock.now())),
    stopping: stopping.signal,
  };
  const rotation = new MasterKeyRotation(context);
  const reconciler = new Reconciler(context, { app: plan, purge: planPurge, ...options.planners });
  const views = createStorageViews(context);
  return {
    platform: {
      ...createDeployments(context, reconciler),
      ...createApps(context, reconciler, views),
      ...createStorageOperations(context, reconciler, views),
      ...createKeyOperations(context),
      ...createScrubOperations(context),
      ...createMasterKeyOperations(context, rotation),
      webhooks: objects,
    },
    start: async () => {
      rotation.start();
      await reconciler.start();
    },
    stop: async () => {
      stopping.abort();
      await rotation.stop();
      await reconciler.stop();
    },
  };
}
