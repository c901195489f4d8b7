import { Option } from 'commander';
import type { S3Client } from '../../../../sdk/src/s3-client.ts';
import type { ApiClient } from '../../../control/api/client.ts';
import { isHoldfastCode } from '../../../core/errors.ts';
import { withHint } from './explain-refusal.ts';
import { withBucketRequests } from './open-bucket.ts';

/** Whether anybody may pass over a retention; in S3 in capitals. */
const MODES = ['governance', 'compliance'] as const;
export type Mode = (typeof MODES)[number];

export function modeOption(): Option {
  return new Option('--mode <mode>', 'governance: operators may pass over it; compliance: nobody').choices(MODES);
}

/** That of an answer. */
export function modeOf(text: string | undefined): Mode | undefined {
  return MODES.find((mode) => mode.toUpperCase() === text);
}

/** Of requests that pass over a retention in mode governance. */
export function bypassHeaders(bypass: boolean | undefined): Record<string, string> {
  return bypass ? { 'x-amz-bypass-governance-retention': 'true' } : {};
}

/** Requests that a bucket without object lock refuses as invalid. */
export async function withLock<T>(api: ApiClient, bucket: string, use: (s3: S3Client) => Promise<T>): Promise<T> {
  return withBucketRequests(api, bucket, use).catch((error) => {
    if (!isHoldfastCode(error, 's3.InvalidRequest')) throw error;
    throw withHint(error, `turn object lock on, for good: \`holdfast object-store object-lock set ${bucket}\``);
  });
}
