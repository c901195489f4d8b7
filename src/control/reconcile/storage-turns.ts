import { Exclusive } from '../../core/exclusive.ts';
import * as errors from '../errors.ts';
import type { State } from '../state/state.ts';
import type { StorageRecord } from '../state/storage-store.ts';

/**
 * What a command, a deploy or the end of its grace makes of one resource happens one at a time, and goes by its record
 * as it is then: else what is destroyed and recovered at once is shown and hidden as it comes, and what is made while it
 * is purged stays without a record. Who holds the turn of a name or of a source may take that of the resource; no one
 * else takes a second.
 */
export class StorageTurns {
  readonly #storage: State['storage'];
  readonly #exclusive = new Exclusive();

  constructor({ storage }: Pick<State, 'storage'>) {
    this.#storage = storage;
  }

  /** For new names of a kind: two that take the same one at once would both find it free. */
  named<T>(kind: StorageRecord['kind'], work: () => Promise<T>): Promise<T> {
    return this.#exclusive.run(kind, work);
  }

  /** `undefined`: it is gone. */
  of<T>(id: string, work: (record: StorageRecord | undefined) => Promise<T>): Promise<T> {
    return this.#exclusive.run(id, async () => work(await this.#storage.get(id)));
  }

  /** Of one that is there to be used. @throws HoldfastError `storage.taken` */
  ofLive<T>(id: string, work: (record: StorageRecord) => Promise<T>): Promise<T> {
    return this.of(id, async (record) => {
      if (!record || record.state === 'destroyed') throw errors.storageTaken(id);
      return work(record);
    });
  }

  /** What something is made of stays until it is made. */
  async ofSource<T>(source: StorageRecord['source'], work: () => Promise<T>): Promise<T> {
    const id = source && ('volume' in source ? source.volume : await this.#idOf(source.bucket));
    return id ? this.of(id, work) : work();
  }

  async #idOf(realName: string): Promise<string | undefined> {
    return (await this.#storage.list({ kind: 'bucket' })).find((bucket) => bucket.realName === realName)?.id;
  }
}
