import { deriveSigningKey, formatTimestamp, scopeText, sign } from '../../src/objects/access/signature-v4.ts';
import type { SignerKey } from './s3-signer.ts';

export interface PostForm {
  readonly bucket: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Beside one for each field. */
  readonly conditions?: readonly unknown[];
  readonly expiresAt?: number;
  readonly now?: number;
}

/** The fields of a form with a policy that is good for a minute and allows them. */
export function signForm(key: SignerKey, form: PostForm): Record<string, string> {
  const { bucket, fields, conditions = [], now = Date.now(), expiresAt = now + 60_000 } = form;
  const timestamp = formatTimestamp(now);
  const scope = { date: timestamp.slice(0, 8), region: 'test', service: 's3' };
  const all: Record<string, string> = {
    ...fields,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${key.accessKeyId}/${scopeText(scope)}`,
    'X-Amz-Date': timestamp,
  };
  const named = new Set(conditions.map((one) => (Array.isArray(one) ? one[1] : '')));
  const exact = Object.entries(all)
    .filter(([name]) => !named.has(`$${name}`))
    .map(([name, value]) => ({ [name]: value }));
  const document = { expiration: new Date(expiresAt).toISOString(), conditions: [{ bucket }, ...exact, ...conditions] };
  const policy = Buffer.from(JSON.stringify(document)).toString('base64');
  const signature = sign(deriveSigningKey(key.secretAccessKey, scope), policy);
  return { ...all, Policy: policy, 'X-Amz-Signature': signature };
}

interface FormFile {
  readonly name?: string;
  readonly content: string;
}

export const BOUNDARY = 'a-boundary';

/** As browsers write it, byte by byte. */
export function encodeForm(fields: Readonly<Record<string, string>>, file?: FormFile): string {
  const part = (disposition: string, content: string) =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;
  const parts = Object.entries(fields).map(([name, value]) => part(`name="${name}"`, value));
  const last = file
    ? [part(`name="file"; filename="${file.name ?? 'a.txt'}"\r\nContent-Type: text/plain`, file.content)]
    : [];
  return [...parts, ...last, `--${BOUNDARY}--\r\n`].join('');
}
