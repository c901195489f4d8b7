/** One request, as far as it is known: what is absent is `-` in its line. */
export interface AccessRecord {
  readonly bucket: string;
  /** When it came, milliseconds since the epoch. */
  readonly time: number;
  readonly requestId: string;
  /** As S3's logs name it: `REST.GET.OBJECT`. */
  readonly operation: string;
  readonly remoteIp?: string | undefined;
  /** ARN of who signed it. */
  readonly requester?: string | undefined;
  readonly key?: string | undefined;
  /** Its first line, without secrets. */
  readonly requestLine?: string | undefined;
  readonly status?: number | undefined;
  readonly errorCode?: string | undefined;
  readonly bytesSent?: number | undefined;
  readonly objectSize?: number | undefined;
  readonly totalMs?: number | undefined;
  /** From the last byte of the request to the first of the answer. */
  readonly turnAroundMs?: number | undefined;
  readonly referer?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly versionId?: string | undefined;
  readonly isSigned?: boolean | undefined;
  readonly authType?: 'AuthHeader' | 'QueryString' | undefined;
  readonly host?: string | undefined;
  readonly aclRequired?: boolean | undefined;
}

/** Who owns every bucket here, as S3 clients are told. */
const OWNER = 'holdfast';

/** What S3 names once for each key that DeleteObjects was asked to remove. */
export const BATCH_DELETE = 'BATCH.DELETE.OBJECT';

/**
 * Its line (S3 User Guide, "Amazon S3 server access log format"), in ASCII whatever the client sent: nothing that a
 * request says can begin another field or another line.
 */
export function recordLine(record: AccessRecord): string {
  const { bucket, time, requestId, operation, status, isSigned, authType, aclRequired } = record;
  const fields = [
    OWNER,
    bucket,
    `[${logTime(time)}]`,
    plain(record.remoteIp),
    plain(record.requester),
    requestId,
    operation,
    plain(encodedKey(record)),
    quoted(record.requestLine),
    plain(status?.toString()),
    plain(record.errorCode),
    plain(record.bytesSent?.toString()),
    plain(record.objectSize?.toString()),
    plain(rounded(record.totalMs)),
    plain(rounded(record.turnAroundMs)),
    quoted(record.referer),
    quoted(record.userAgent),
    plain(record.versionId),
    requestId, // host id: x-amz-id-2 of the answer
    isSigned ? 'SigV4' : '-',
    '-', // cipher suite
    plain(authType),
    plain(record.host),
    '-', // TLS version
    '-', // access point ARN
    aclRequired ? 'Yes' : '-',
    '-', // region that the request came from
  ];
  return `${fields.join(' ')}\n`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `%d/%b/%Y:%H:%M:%S %z` */
function logTime(time: number): string {
  const [date = '', clock = ''] = new Date(time).toISOString().split('T');
  const [year, month, day] = date.split('-');
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${clock.slice(0, 8)} +0000`;
}

/** S3 encodes keys twice, but those of batches once: readers of its logs go by that. */
function encodedKey({ key, operation }: AccessRecord): string | undefined {
  if (!key) return undefined;
  const once = encodeKey(key);
  return operation === BATCH_DELETE ? once : encodeKey(once);
}

/** A key from a URL may hold half of a surrogate pair, of which there is no UTF-8. */
function encodeKey(key: string): string {
  return key.toWellFormed().split('/').map(encodeURIComponent).join('/');
}

function rounded(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : String(Math.round(ms));
}

function plain(text: string | undefined): string {
  return text ? text.replace(/[^\x21\x23-\x7e]/gu, asEscape) : '-';
}

/** Where the client sent nothing, readers expect a `-`: quoted in S3's own lines of requests, bare in those of batches. */
function quoted(text: string | undefined): string {
  if (text === undefined) return '-';
  return `"${text.replace(/[^\x20\x21\x23-\x7e]/gu, asEscape) || '-'}"`;
}

/** Header values are latin-1: one byte each. */
function asEscape(character: string): string {
  return [...Buffer.from(character, character <= '\xff' ? 'latin1' : 'utf8')]
    .map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`)
    .join('');
}
