import type { Logger } from '../../core/log.ts';
import type { Identity } from '../access/authenticate.ts';
import type { Action } from '../access/key-scope.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { AccessCheck } from './access-check.ts';
import type { BodyHead, ReceivedBody } from './body/request-body.ts';
import { buildXml, type XmlElements, xml } from './xml.ts';

/** An authenticated and authorised request. */
export interface S3Request {
  /** Empty for the service itself. */
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, string>;
  readonly identity: Identity;
  /** Starts reading the body; call it once. */
  body(options?: Pick<BodyHead, 'checksums' | 'stored'>): Promise<ReceivedBody>;
  /** What else it touches must be asked for. */
  readonly access: AccessCheck;
}

export interface Removal {
  readonly key: string;
  readonly versionId?: string | undefined;
  readonly status: number;
  /** S3's own. */
  readonly errorCode?: string | undefined;
}

export interface S3Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array> | undefined;
  /** What became of each key that it was to remove, for the access log. */
  readonly removals?: readonly Removal[] | undefined;
  /** Called when the answer is over, however it ended. */
  readonly release?: (() => void) | undefined;
}

export interface S3Context {
  readonly store: ObjectStore;
  /** For failures that an answer tells of without being one. */
  readonly log?: Logger | undefined;
  /** Reported; requests signed for any region are taken. */
  readonly region: string;
  /** Whether events can be sent there. Absent: every name is taken. */
  readonly hasWebhook?: ((name: string) => boolean) | undefined;
}

/** One operation of the S3 API. */
export interface Operation {
  readonly name: string;
  readonly action: Action;
  /** Takes what names a snapshot or a time. */
  readonly readsPast?: true;
  handle(request: S3Request, context: S3Context): Promise<S3Response>;
}

export function xmlResponse(
  root: string,
  content: string | XmlElements,
  { status = 200, headers = {} }: { readonly status?: number; readonly headers?: Record<string, string> } = {},
): S3Response {
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body: buildXml(root, content) };
}

/** Who owns everything here; S3 clients want an owner. */
export const OWNER = xml`<ID>holdfast</ID><DisplayName>holdfast</DisplayName>`;

let lastSecond = Number.NaN;
let lastSecondText = '';

/** Objects of a listing are often of the same second. */
export function isoTime(time: number): string {
  const second = Math.floor(time / 1000);
  if (second !== lastSecond) {
    lastSecondText = new Date(second * 1000).toISOString().slice(0, -'000Z'.length);
    lastSecond = second;
  }
  return `${lastSecondText}${String(time - second * 1000).padStart(3, '0')}Z`;
}
