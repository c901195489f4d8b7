import type { AccessKey } from '../../objects/object-admin.ts';
import type { BucketSettings } from '../state/storage-store.ts';

export interface ConnectedBucket {
  readonly name: string;
  readonly realName: string | null;
  readonly settings: BucketSettings | null;
}

export interface EnvironmentInput {
  readonly app: string;
  readonly service: string;
  readonly release: number;
  readonly instance: string;
  /** As the app file gives it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** First the one that `BUCKET_NAME` stands for. */
  readonly buckets: readonly ConnectedBucket[];
  readonly key: AccessKey | null;
  readonly objects: { readonly endpoint: string; readonly publicUrl: string; readonly region: string };
}

/** Variables of one instance. The app file's own win over ours, secrets win over both. */
export function instanceEnvironment(input: EnvironmentInput): Readonly<Record<string, string>> {
  return {
    HOLDFAST_APP: input.app,
    HOLDFAST_SERVICE: input.service,
    HOLDFAST_RELEASE: String(input.release),
    HOLDFAST_INSTANCE: input.instance,
    ...bucketVariables(input),
    ...input.environment,
    ...input.secrets,
  };
}

function bucketVariables({ buckets, key, objects }: EnvironmentInput): Record<string, string> {
  const [first] = buckets;
  if (!first || !key) return {};
  const open = buckets.filter((bucket) => bucket.settings?.accessibility === 'public');
  return {
    BUCKET_NAME: first.realName ?? first.name,
    AWS_ENDPOINT_URL_S3: objects.endpoint,
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_REGION: objects.region,
    HOLDFAST_PUBLIC_S3_URL: objects.publicUrl,
    HOLDFAST_PUBLIC_BUCKETS: open.map((bucket) => bucket.realName ?? bucket.name).join(','),
    ...Object.fromEntries(
      buckets.map((bucket) => [`${upperSnake(bucket.name)}_BUCKET_NAME`, bucket.realName ?? bucket.name]),
    ),
  };
}

/** `myAppImages`, `my-app-images` → `MY_APP_IMAGES`. */
export function upperSnake(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();
}
