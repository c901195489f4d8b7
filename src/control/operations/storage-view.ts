import type { BucketInfo } from '../../objects/object-admin.ts';
import { WEBSITE_HOST } from '../../spec/host-label.ts';
import type { StorageView } from '../platform.ts';
import type { ControlContext } from '../reconcile/context.ts';
import type { StorageRecord } from '../state/storage-store.ts';
import { s3Buckets } from './s3-buckets.ts';

export interface StorageFilter {
  readonly kind?: StorageView['kind'] | undefined;
  readonly app?: string | undefined;
}

export interface StorageViews {
  list(filter: StorageFilter): Promise<readonly StorageView[]>;
  view(record: StorageRecord): Promise<StorageView>;
}

interface Live {
  /** Of a bucket: its quota. */
  readonly sizeBytes?: number | null;
  readonly usedBytes: number | null;
  readonly attachedTo: string | null;
  readonly url: string | null;
}

/** Records with what the drivers know: use and holder. A driver that does not answer leaves them out, no more. */
export function createStorageViews(context: ControlContext): StorageViews {
  const { state, drivers, config } = context;

  async function list({ kind, app }: StorageFilter): Promise<readonly StorageView[]> {
    const records = (await state.storage.list({ kind })).filter((record) => app === undefined || record.app === app);
    const others = app === undefined && (kind ?? 'bucket') === 'bucket' ? await optional(s3Buckets(context)) : [];
    return [...(await viewAll(records)), ...(others ?? []).map(viewOfS3Bucket)];
  }

  /** Its name is all that it is known by. */
  function viewOfS3Bucket(bucket: BucketInfo): StorageView {
    const { name, createdAt, quota = null, bytes } = bucket;
    const known = { id: name, app: null, name, kind: 'bucket', state: 'active', purgeAt: null, createdAt } as const;
    const url = publicUrl(bucket, config.httpPort);
    return { ...known, region: config.region, sizeBytes: quota, usedBytes: bytes, attachedTo: null, url };
  }

  async function viewAll(records: readonly StorageRecord[]): Promise<readonly StorageView[]> {
    const has = (kind: StorageRecord['kind']) => records.some((record) => record.kind === kind);
    const buckets = has('bucket') ? await optional(drivers.objects.listBuckets({})) : undefined;
    const volumes = has('volume') ? await optional(drivers.volumes.list()) : undefined;
    const filesystems = has('filesystem') ? await optional(drivers.filesystems.list()) : undefined;
    const live = async ({ id, kind, realName }: StorageRecord): Promise<Live> => {
      if (kind === 'bucket') {
        const bucket = buckets?.find(({ name }) => name === realName);
        return {
          sizeBytes: bucket?.quota ?? null,
          usedBytes: bucket?.bytes ?? null,
          attachedTo: null,
          url: bucket ? publicUrl(bucket, config.httpPort) : null,
        };
      }
      if (kind === 'volume') {
        const usage = await optional(drivers.volumes.usage(id));
        return {
          usedBytes: usage?.usedBytes ?? null,
          attachedTo: volumes?.find((one) => one.id === id)?.attachedTo ?? null,
          url: null,
        };
      }
      const usage = await optional(drivers.filesystems.usage(id));
      const holders = filesystems?.find((one) => one.id === id)?.holders ?? [];
      const attachedTo = holders.length === 0 ? null : holders.join(', ');
      return { usedBytes: usage?.usedBytes ?? null, attachedTo, url: null };
    };
    return Promise.all(records.map(async (record) => toView(record, await live(record))));
  }

  return {
    list,
    view: async (record) => {
      const [view] = await viewAll([record]);
      return view ?? toView(record, { usedBytes: null, attachedTo: null, url: null });
    },
  };
}

function publicUrl({ name, accessibility, website, domains }: BucketInfo, port: number): string | null {
  if (accessibility !== 'public' && !website) return null;
  const own = domains.find((domain) => domain.endsWith('.localhost')) ?? `${name}.${WEBSITE_HOST}`;
  return `http://${own}:${port}`;
}

function toView(record: StorageRecord, live: Live): StorageView {
  const { id, app, name, kind, state, purgeAt, region, sizeBytes, createdAt } = record;
  return { id, app, name, kind, state, purgeAt, region, sizeBytes, createdAt, ...live };
}

async function optional<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch {
    return undefined;
  }
}
