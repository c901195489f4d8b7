import type { ListUploads, UploadMarker } from './upload.ts';

/** Uploads in any order; `undefined` stands for something that does not show. */
type Uploads<U> = Iterable<U | undefined>;

interface UploadName {
  readonly key: string;
  readonly uploadId: string;
}

interface PageOfUploads<U> {
  readonly uploads: readonly U[];
  readonly commonPrefixes: readonly string[];
  readonly next?: UploadMarker | undefined;
}

/** An upload, or a common prefix. */
interface Entry<U> {
  /** Compares as the bytes of the key do. */
  readonly name: string;
  readonly key: string;
  readonly upload: U | undefined;
}

/** A pause that nobody needs costs more than to pass one. */
const PASSED_BEFORE_PAUSE = 64;

/**
 * One page, sorted. After each `yield` it may go on later: what begins or ends meanwhile may be in it or not, all else is
 * in it once.
 */
export function* uploadPage<U extends UploadName>(
  uploads: Uploads<U>,
  request: Omit<ListUploads, 'bucket'>,
): Generator<void, PageOfUploads<U>> {
  const { limit, prefix = '' } = request;
  const first = new FirstEntries<U>(limit + 1);
  const isAfter = afterMarker(request.after);
  let passed = 0;
  for (const upload of limit > 0 ? uploads : []) {
    if (++passed % PASSED_BEFORE_PAUSE === 0) yield;
    if (!upload?.key.startsWith(prefix)) continue;
    const entry = entryOf(upload, request);
    if (isAfter(entry)) first.add(entry);
  }
  const page = first.entries.slice(0, limit);
  const last = first.entries.length > page.length ? page.at(-1) : undefined;
  return {
    uploads: page.flatMap(({ upload }) => upload ?? []),
    commonPrefixes: page.flatMap(({ key, upload }) => (upload ? [] : key)),
    ...(last && { next: { key: last.key, uploadId: last.upload?.uploadId } }),
  };
}

function entryOf<U extends UploadName>(upload: U, { prefix = '', delimiter }: Omit<ListUploads, 'bucket'>): Entry<U> {
  const at = delimiter ? upload.key.indexOf(delimiter, prefix.length) : -1;
  if (!delimiter || at < 0) return { name: nameOf(upload.key), key: upload.key, upload };
  const group = upload.key.slice(0, at + delimiter.length);
  return { name: nameOf(group), key: group, upload: undefined };
}

function afterMarker({ key, uploadId }: Partial<UploadMarker> = {}): (entry: Entry<UploadName>) => boolean {
  if (key === undefined) return () => true;
  const marker = nameOf(key);
  return ({ name, upload }) =>
    name > marker || (name === marker && uploadId !== undefined && (upload?.uploadId ?? '') > uploadId);
}

/** UTF-8 byte order, which differs from the order of JavaScript strings above U+D7FF. */
function nameOf(key: string): string {
  return Buffer.from(key).toString('latin1');
}

/** Of all that are added the first few, in order, each common prefix once. */
class FirstEntries<U extends UploadName> {
  readonly entries: Entry<U>[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(entry: Entry<U>): void {
    const at = this.#placeOf(entry);
    const there = this.entries[at];
    if (at === this.#limit || (there && compare(there, entry) === 0)) return;
    this.entries.splice(at, 0, entry);
    if (this.entries.length > this.#limit) this.entries.pop();
  }

  #placeOf(entry: Entry<U>): number {
    let low = 0;
    for (let high = this.entries.length; low < high; ) {
      const middle = (low + high) >>> 1;
      const other = this.entries[middle];
      if (other && compare(other, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function compare(a: Entry<UploadName>, b: Entry<UploadName>): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  const [one = '', other = ''] = [a.upload?.uploadId, b.upload?.uploadId];
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
