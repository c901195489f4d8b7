import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/log.ts';
import type { MasterKey } from '../../core/master-key.ts';
import type { ReleaseFiles } from '../release-files.ts';
import type { SecretVault } from '../secret-vault.ts';
import type { State } from '../state/state.ts';
import type { Drivers } from './drivers.ts';
import type { RouteBoard } from './route-board.ts';
import type { StorageTurns } from './storage-turns.ts';

/** What every part of reconciliation works with. */
export interface ControlContext {
  readonly state: State;
  readonly drivers: Drivers;
  readonly files: ReleaseFiles;
  readonly masterKey: Pick<MasterKey, 'keyring' | 'id' | 'file' | 'isRotating' | 'check' | 'restore' | 'begin' | 'end'>;
  readonly vault: SecretVault;
  readonly routes: RouteBoard;
  readonly storageTurns: StorageTurns;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: ControlConfig;
  /** New ids: `newId` of core, or a reproducible one. */
  readonly ids: (prefix: string) => string;
  /** Aborted when the platform stops. */
  readonly stopping: AbortSignal;
}

export interface ControlConfig {
  /** Of the edge, for public URLs. */
  readonly httpPort: number;
  /** Where instances reach the object store. */
  readonly s3Endpoint: string;
  /** Where everybody reaches it. */
  readonly s3PublicUrl: string;
  readonly region: string;
  readonly hostName: string;
}
