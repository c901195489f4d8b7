import type { Body } from './body.ts';
import type { ObjectInfo, PutObject } from './object.ts';
import type { ObjectStore } from './object-store.ts';
import type { StoredFile } from './stored-body.ts';
import type { PartInfo, PutPart } from './upload.ts';

/** A new, empty file of this machine that the store has made for one body, and removes unless it gets it. */
export interface DepositPlace {
  readonly id: number;
  readonly path: string;
  /** Under which the bytes are encrypted there; absent: they are not. */
  readonly key?: { readonly data: Uint8Array; readonly byCustomer: boolean } | undefined;
  /** As of the object or the part. */
  readonly md5?: string | undefined;
}

/** A body that is at its place, and durable. */
export interface Deposited {
  readonly file: StoredFile;
  /** As of the object. */
  readonly etag: string;
}

/** A body whose holder writes it itself, to where the store says: its bytes need not pass through the store's process. */
export interface Deposit {
  /** Called once at most, when the store will have it. When it throws nothing is stored and the error is passed on. */
  writeTo(place: DepositPlace): Promise<Deposited>;
}

type MayDeposit<T extends { readonly body: Body }> = Omit<T, 'body'> & { readonly body: Body | Deposit };
export type DepositObject = MayDeposit<PutObject>;
export type DepositPart = MayDeposit<PutPart>;

/** A store that keeps large bodies in files. */
export interface DepositStore extends ObjectStore {
  /** Bodies of more bytes are welcome as deposits. */
  readonly depositsAbove: number;
  put(object: DepositObject): Promise<ObjectInfo>;
  putPart(part: DepositPart): Promise<PartInfo>;
}

export function takesDeposits(store: ObjectStore): store is DepositStore {
  return 'depositsAbove' in store;
}
