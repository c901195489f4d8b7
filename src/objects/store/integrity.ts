export interface CheckIntegrity {
  /** `next` of the page before; absent: from the beginning. */
  readonly after?: string | undefined;
  /** A page ends when it has read so much. */
  readonly maxBytes: number;
}

export interface DamagedObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  /** What is damaged, and how. */
  readonly message: string;
}

export interface IntegrityPage {
  /** Versions that were read, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  readonly damaged: readonly DamagedObject[];
  /** Absent: that was the last page. */
  readonly next?: string | undefined;
}
