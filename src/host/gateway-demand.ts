/** How busy things were between two looks at them, in cores: 1 is one core all the time. */
export interface S3Load {
  /** Event loop of the objects role. */
  readonly objects: number;
  /** Event loops of the gateways. */
  readonly gateways: readonly number[];
  /** Of the whole machine. */
  readonly idleCores: number;
}

/** An event loop that has hardly time for more. */
const BUSY = 0.8;
/** A gateway that is of use. */
const USED = 0.2;
/** What another process would run on. */
const SPARE_CORE = 0.7;
/** All together: one process does that easily. */
const QUIET = 0.1;

export type Demand = 'one-more' | 'none' | 'as-is';

/** Decides how many gateways there should be, from looks at a steady interval. */
export class GatewayDemand {
  readonly #busyLooks: number;
  readonly #quietLooks: number;
  #busyFor = 0;
  #quietFor = 0;

  /** After so many looks in a row that said the same. */
  constructor({ busyLooks, quietLooks }: { readonly busyLooks: number; readonly quietLooks: number }) {
    this.#busyLooks = busyLooks;
    this.#quietLooks = quietLooks;
  }

  after(load: S3Load): Demand {
    this.#busyFor = wantsMore(load) ? this.#busyFor + 1 : 0;
    this.#quietFor = isQuiet(load) ? this.#quietFor + 1 : 0;
    if (this.#busyFor >= this.#busyLooks) {
      this.#busyFor = 0;
      return 'one-more';
    }
    return this.#quietFor >= this.#quietLooks ? 'none' : 'as-is';
  }
}

/** Not beside one that clients do not use: few connections cannot be spread. Not where others need the cores. */
function wantsMore({ objects, gateways, idleCores }: S3Load): boolean {
  return objects > BUSY && gateways.every((busy) => busy > USED) && idleCores > SPARE_CORE;
}

function isQuiet({ objects, gateways }: S3Load): boolean {
  return gateways.reduce((sum, busy) => sum + busy, objects) < QUIET;
}
