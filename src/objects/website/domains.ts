import { WEBSITE_HOST } from '../../spec/host-label.ts';
import type { Bucket } from '../store/bucket.ts';
import { documentReader } from '../store/document-reader.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { domainTaken } from './errors.ts';

interface Claim {
  readonly bucket: string;
  readonly domains: readonly string[];
}

/** Which bucket answers to a host name: each to `<bucket>.website.localhost`, and to the domains kept with it. */
export class Domains {
  readonly #store: ObjectStore;
  readonly #owners = new Map<string, string>();
  readonly #claims = new Set<Claim>();

  constructor(store: ObjectStore) {
    this.#store = store;
    // Of two that name the same domain, which no claim allows, the older one has it.
    for (const bucket of store.buckets().toSorted((a, b) => b.createdAt - a.createdAt)) this.remember(bucket);
  }

  /** `host` in lower case, without a port. */
  bucketOf(host: string): Bucket | undefined {
    if (host.endsWith(`.${WEBSITE_HOST}`)) return this.#store.bucket(host.slice(0, -WEBSITE_HOST.length - 1));
    const bucket = this.#store.bucket(this.#owners.get(host) ?? '');
    return bucket && domainsOf(bucket).includes(host) ? bucket : undefined;
  }

  /**
   * For a bucket that is about to be given them: nobody else is, until the claim is disposed of.
   * @throws HoldfastError `bucket.domain-taken` where another bucket has one of them, or a claim to it
   */
  claim(bucket: string, domains: readonly string[]): Disposable {
    for (const domain of domains) {
      const owner = this.bucketOf(domain)?.name ?? this.#claimantOf(domain);
      if (owner !== undefined && owner !== bucket) throw domainTaken(domain, owner);
    }
    const claim = { bucket, domains };
    this.#claims.add(claim);
    return { [Symbol.dispose]: () => this.#claims.delete(claim) };
  }

  #claimantOf(domain: string): string | undefined {
    return [...this.#claims].find(({ domains }) => domains.includes(domain))?.bucket;
  }

  /** Of a bucket that has changed; what it has no more is seen without. */
  remember(bucket: Bucket): void {
    for (const domain of domainsOf(bucket)) this.#owners.set(domain, bucket.name);
  }
}

/** Name of the bucket's document that has them. */
export const DOMAINS_DOCUMENT = 'domains';

const read = documentReader<readonly string[]>(DOMAINS_DOCUMENT);

export function domainsOf(bucket: Bucket): readonly string[] {
  return read(bucket) ?? [];
}
