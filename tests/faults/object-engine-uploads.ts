import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import type { MultipartUpload, PartInfo, UploadMarker } from '../../src/objects/store/upload.ts';

/** An upload that was begun, and those of its parts that were answered. */
export interface BegunUpload {
  readonly uploadId: string;
  readonly key: string;
}

interface Upload extends BegunUpload {
  /** ETags by number. */
  readonly parts: Map<number, string>;
  state: 'open' | 'ending' | 'ended';
}

/** Uploads are there with what was answered of them until somebody asks to complete them, and not once that was answered. */
export class UploadHistory {
  readonly #uploads = new Map<string, Upload>();
  #parts = 0;
  #resumptions = 0;

  /** Parts that were answered. */
  get parts(): number {
    return this.#parts;
  }

  /** Uploads of an earlier life that were completed in a later one. */
  get resumptions(): number {
    return this.#resumptions;
  }

  begun({ uploadId, key }: BegunUpload): void {
    this.#uploads.set(uploadId, { uploadId, key, parts: new Map(), state: 'open' });
  }

  part({ uploadId }: BegunUpload, { partNumber, etag }: Pick<PartInfo, 'partNumber' | 'etag'>): void {
    this.#parts++;
    this.#uploads.get(uploadId)?.parts.set(partNumber, etag);
  }

  ends(uploadId: string): void {
    const upload = this.#uploads.get(uploadId);
    if (upload) upload.state = 'ending';
  }

  ended(uploadId: string): void {
    const upload = this.#uploads.get(uploadId);
    if (upload) upload.state = 'ended';
  }

  resumed(): void {
    this.#resumptions++;
  }

  async discrepancies(store: ObjectStore, bucket: string): Promise<readonly string[]> {
    const listed = new Set((await allUploads(store, bucket)).map(({ uploadId }) => uploadId));
    const wrong: string[] = [];
    for (const { uploadId, key, parts, state } of this.#uploads.values()) {
      const isListed = listed.has(uploadId);
      if (state === 'ended' && isListed)
        wrong.push(`the upload ${uploadId} of ${key} was completed and is still there`);
      if (state !== 'open') continue;
      if (!isListed) {
        wrong.push(`the upload ${uploadId} of ${key} is gone`);
        continue;
      }
      const kept = await store.listParts({ bucket, key, uploadId });
      for (const [partNumber, etag] of parts) {
        const is = kept.find((part) => part.partNumber === partNumber)?.etag;
        if (is !== etag) wrong.push(`part ${partNumber} of ${uploadId} is ${is ?? 'gone'} and was ${etag}`);
      }
    }
    return wrong;
  }
}

export async function allUploads(store: ObjectStore, bucket: string): Promise<readonly MultipartUpload[]> {
  const uploads: MultipartUpload[] = [];
  for (let after: UploadMarker | undefined, first = true; first || after; first = false) {
    const page = await store.listUploads({ bucket, after, limit: 50 });
    uploads.push(...page.uploads);
    after = page.next;
  }
  return uploads;
}
