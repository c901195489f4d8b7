/** Storage on its way out, whatever app it belonged to. */
export interface DestroyedStorage {
  readonly id: string;
  readonly kind: 'bucket' | 'volume' | 'filesystem';
  readonly state: 'active' | 'detached' | 'destroyed';
  readonly purgeAt: number | null;
  readonly holders: readonly string[];
}

export interface PurgeAction {
  readonly kind: 'purge-storage';
  readonly id: string;
}

export type PurgePlanner = (storage: readonly DestroyedStorage[], now: number) => readonly PurgeAction[];

/** Only what a person destroyed, whose time to recover it is over, and that nothing uses. */
export const planPurge: PurgePlanner = (storage, now) =>
  storage
    .filter(({ state, purgeAt, holders }) => {
      const graceIsOver = purgeAt !== null && purgeAt <= now;
      return state === 'destroyed' && graceIsOver && holders.length === 0;
    })
    .map(({ id }) => ({ kind: 'purge-storage', id }));
