import { WEBSITE_HOST } from '../../spec/host-label.ts';
import type { Bucket } from '../store/bucket.ts';
import { documentReader } from '../store/document-reader.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { domainTaken } from './errors.ts';

/** Which bucket answers to a host name: each to `<bucket>.website.localhost`, and to the domains kept with it. */
export class Domains {
  readonly #store: ObjectStore;
  readonly #owners = new Map<string, string>();
  #last: Promise<void> = Promise.resolve();

  constructor(store: ObjectStore) {
    this.#store = store;
    // Of two that name the same domain, which no `assign` allows, the older one has it.
    for (const bucket of store.buckets().toSorted((a, b) => b.createdAt - a.createdAt)) this.#remember(bucket);
  }

  /** `host` in lower case, without a port. */
  bucketOf(host: string): Bucket | undefined {
    if (host.endsWith(`.${WEBSITE_HOST}`)) return this.#store.bucket(host.slice(0, -WEBSITE_HOST.length - 1));
    const bucket = this.#store.bucket(this.#owners.get(host) ?? '');
    return bucket && domainsOf(bucket).includes(host) ? bucket : undefined;
  }

  /**
   * In place of those that the bucket had; one call at a time, so that a domain has one bucket.
   * @throws HoldfastError `bucket.domain-taken`
   */
  assign(name: string, domains: readonly string[]): Promise<void> {
    const change = this.#last.then(async () => {
      this.requireFree(name, domains);
      const list = domains.length === 0 ? undefined : JSON.stringify(domains);
      if (list === this.#store.bucket(name)?.documents?.domains) return;
      this.#remember(await this.#store.updateBucket(name, { documents: { domains: list } }));
    });
    this.#last = change.catch(() => {});
    return change;
  }

  /** @throws HoldfastError `bucket.domain-taken` where another bucket than `name` has one of them */
  requireFree(name: string, domains: readonly string[]): void {
    for (const domain of domains) {
      const owner = this.bucketOf(domain);
      if (owner && owner.name !== name) throw domainTaken(domain, owner.name);
    }
  }

  #remember(bucket: Bucket): void {
    for (const domain of domainsOf(bucket)) this.#owners.set(domain, bucket.name);
  }
}

const read = documentReader<readonly string[]>('domains');

export function domainsOf(bucket: Bucket): readonly string[] {
  return read(bucket) ?? [];
}
