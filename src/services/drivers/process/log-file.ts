import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { Clock } from '../../../core/clock.ts';
import type { LogOptions } from '../../service-driver.ts';

const CHUNK = 64 * 1024;
/** A line longer than this is cut, so that an app without line ends cannot fill our memory. */
const MAX_LINE = 256 * 1024;
const FOLLOW_INTERVAL_MS = 100;

/**
 * An instance's output: the file it appends to, and at most one older part
 * (`<path>.1`). The instance holds its descriptor open for ever, so the file is
 * rotated by copying and cutting it (as logrotate's `copytruncate`); what is
 * written in the microseconds between the last read and the cut is lost.
 *
 * Rotation and reading are synchronous and in one process, so that neither sees
 * the other half-done: a reader's place is (rotations so far, offset).
 */
export class LogFile {
  readonly path: string;
  #rotations = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Rotates when the current part has passed `maxBytes`; disk use stays below about twice that. */
  rotate(maxBytes: number): void {
    if (sizeOf(this.path) <= maxBytes) return;
    const older = `${this.path}.1`;
    const temporary = `${older}.tmp`;
    rmSync(temporary, { force: true });
    copyFileSync(this.path, temporary, constants.COPYFILE_FICLONE);
    const from = openSync(this.path, 'r+');
    const to = openSync(temporary, 'a');
    try {
      renameSync(temporary, older);
      let position = fstatSync(to).size;
      for (let chunk = readAt(from, position); chunk.length > 0; chunk = readAt(from, position)) {
        writeSync(to, chunk);
        position += chunk.length;
      }
      ftruncateSync(from, 0);
      this.#rotations++;
    } finally {
      closeSync(from);
      closeSync(to);
    }
  }

  /** As `ServiceDriver.logs`. */
  async *lines(clock: Clock, { tail, follow = false, signal }: LogOptions = {}): AsyncGenerator<string> {
    const cursor = new LogCursor(this);
    const splitter = new LineSplitter();
    // Everything up to now; for a tail only its last lines are kept.
    const backlog: string[] = [];
    for (let chunk = cursor.next(); chunk.length > 0; chunk = cursor.next()) {
      backlog.push(...splitter.push(chunk));
      if (tail !== undefined) backlog.splice(0, backlog.length - tail);
      else yield* backlog.splice(0);
    }
    if (!follow) backlog.push(...splitter.end());
    yield* tail === undefined ? backlog : backlog.slice(Math.max(0, backlog.length - tail));
    while (follow && !signal?.aborted) {
      const chunk = cursor.next();
      if (chunk.length > 0) yield* splitter.push(chunk);
      else await clock.sleep(FOLLOW_INTERVAL_MS, { signal }).catch(ignoreAbort(signal));
    }
  }

  /** The next bytes after (rotation, offset), and the place after them. For LogCursor. */
  readFrom(rotation: number, offset: number): { chunk: Buffer; rotation: number; offset: number } {
    const behind = this.#rotations - rotation;
    if (behind > 0) {
      const start = behind === 1 ? offset : 0; // two rotations behind: what was between is gone
      const chunk = readPath(`${this.path}.1`, start);
      if (chunk.length > 0) return { chunk, rotation: this.#rotations - 1, offset: start + chunk.length };
    }
    const start = behind > 0 ? 0 : offset;
    const chunk = readPath(this.path, start);
    return { chunk, rotation: this.#rotations, offset: start + chunk.length };
  }

  get oldestRotation(): number {
    return this.#rotations - 1;
  }
}

class LogCursor {
  readonly #file: LogFile;
  #rotation: number;
  #offset = 0;

  /** Begins at the older part. */
  constructor(file: LogFile) {
    this.#file = file;
    this.#rotation = file.oldestRotation;
  }

  /** Empty at the end. */
  next(): Buffer {
    const { chunk, rotation, offset } = this.#file.readFrom(this.#rotation, this.#offset);
    [this.#rotation, this.#offset] = [rotation, offset];
    return chunk;
  }
}

/** Cuts bytes into lines, so that a character is never cut; bytes that are not UTF-8 become U+FFFD. */
class LineSplitter {
  #rest = Buffer.alloc(0);

  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      lines.push(text(bytes.subarray(0, end)));
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > MAX_LINE) {
      lines.push(text(bytes));
      bytes = Buffer.alloc(0);
    }
    this.#rest = Buffer.from(bytes);
    return lines;
  }

  end(): string[] {
    return this.#rest.length > 0 ? [text(this.#rest)] : [];
  }
}

function text(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/\r$/, '');
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function readPath(path: string, position: number): Buffer {
  if (sizeOf(path) <= position) return Buffer.alloc(0);
  const file = openSync(path, 'r');
  try {
    return readAt(file, position);
  } finally {
    closeSync(file);
  }
}

function readAt(file: number, position: number): Buffer {
  const buffer = Buffer.allocUnsafe(CHUNK);
  return buffer.subarray(0, readSync(file, buffer, 0, CHUNK, position));
}

function ignoreAbort(signal: AbortSignal | undefined): (error: unknown) => void {
  return (error) => {
    if (!signal?.aborted) throw error;
  };
}
