export interface UploadProgress {
  /** Bytes stored or sent so far; never goes back. */
  readonly loaded: number;
  /** Absent while the length of a stream is not known. */
  readonly total: number | undefined;
  /** Of `loaded`, what an earlier upload had stored and was not sent again. */
  readonly resumed: number;
}

export type ReportProgress = (progress: UploadProgress) => void;

/** Sums what parallel parts have sent; a part that is sent again does not take the figure back. */
export class ProgressSum {
  readonly #report: ReportProgress | undefined;
  readonly #total: number | undefined;
  readonly #sent = new Map<number, number>();
  #loaded = 0;
  #resumed = 0;

  constructor(report: ReportProgress | undefined, total: number | undefined) {
    this.#report = report;
    this.#total = total;
  }

  sent(part: number, bytes: number): void {
    const before = this.#sent.get(part) ?? 0;
    if (bytes <= before) return;
    this.#sent.set(part, bytes);
    this.#loaded += bytes - before;
    this.#report?.({ loaded: this.#loaded, total: this.#total, resumed: this.#resumed });
  }

  /** The part was there. */
  resumed(part: number, bytes: number): void {
    this.#resumed += bytes;
    this.sent(part, bytes);
  }
}
