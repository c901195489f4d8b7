import { Exclusive } from '../core/exclusive.ts';
import { backoff } from '../core/retry.ts';
import type { ObjectAdmin, Resealed } from '../objects/object-admin.ts';
import type { ControlContext } from './reconcile/context.ts';

/** How much the present master key seals: everything that any has sealed. */
export interface Rotated extends Resealed {
  readonly secrets: number;
  /** `false`: the file has the earlier key still, and is not the platform's to change. */
  readonly earlierGone: boolean;
}

interface RotationContext extends Pick<ControlContext, 'masterKey' | 'vault' | 'clock' | 'log' | 'stopping'> {
  readonly drivers: { readonly objects: Pick<ObjectAdmin, 'reseal'> };
}

const KEY = 'master key';

/**
 * Puts a new master key in the place of the one before. All roles that have it open both from then on; each seals
 * what it keeps by the new one, and says so when that is durable; then the earlier one goes. Each step may be done
 * again, so what a crash has cut off is begun anew with the same new key.
 */
export class MasterKeyRotation {
  readonly #context: RotationContext;
  readonly #exclusive = new Exclusive();
  #resuming: Promise<void> | undefined;

  constructor(context: RotationContext) {
    this.#context = context;
  }

  /** Ends a rotation that was cut off, in the background: the object store may not be up yet, or the disk full. */
  start(): void {
    if (!this.#context.masterKey.isRotating) return;
    this.#resuming ??= this.#resume().finally(() => {
      this.#resuming = undefined;
    });
  }

  async stop(): Promise<void> {
    await this.#resuming;
  }

  /** One that was cut off ends, and no further key is made. What fails goes on in the background. */
  async rotate(): Promise<Rotated> {
    try {
      return await this.#exclusive.run(KEY, () => this.#rotate());
    } catch (error) {
      this.start();
      throw error;
    }
  }

  /** Of the file of the key; gives whether there was anything to do. */
  async restore(): Promise<boolean> {
    return await this.#exclusive.run(KEY, () => this.#context.masterKey.restore());
  }

  async #rotate(): Promise<Rotated> {
    const { masterKey, drivers, vault, log } = this.#context;
    await masterKey.begin();
    const resealed = await drivers.objects.reseal({});
    const secrets = await vault.reseal();
    const rotated: Rotated = { ...resealed, secrets, earlierGone: await masterKey.end() };
    log.info({ masterKey: masterKey.id, ...rotated }, 'the master key is rotated');
    return rotated;
  }

  async #resume(): Promise<void> {
    const { masterKey, clock, log, stopping } = this.#context;
    for (let attempt = 1; masterKey.isRotating && !stopping.aborted; attempt++) {
      try {
        await this.#exclusive.run(KEY, () => this.#rotate());
      } catch (error) {
        log.warn(error, 'the rotation of the master key is not at its end; trying again');
        await clock.sleep(backoff(attempt), { signal: stopping }).catch(() => {});
      }
    }
  }
}
