import { access, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { syncDirectory, writeFileDurable } from './durable-files.ts';
import { isDiskError, isNodeError } from './errors.ts';
import type { Logger } from './log.ts';

interface KeptFileOptions<T> {
  readonly log: Logger | undefined;
  /** Whether what was parsed can be the content: files of before have no checksum. */
  readonly isContent: (value: Partial<T>) => boolean;
}

/** What a file on the disk is. */
type Found<T> = { readonly content: T; readonly text: string } | 'absent' | 'damaged';

/**
 * A small file of JSON that is rewritten whole at each change, and that nothing else could give back: with a
 * checksum, and with a copy beside it that is written first: what counts is the file, as long as it is whole.
 *
 * Damage of one of them costs nothing. Damage of both must not keep from running what does not need the file: it is
 * set aside as `<name>.damaged`, told, and the process goes on as with none. As long as that file is there, what it
 * held is missing.
 */
export class KeptFile<T extends object> {
  readonly path: string;
  readonly #options: KeptFileOptions<T>;

  constructor(path: string, options: KeptFileOptions<T>) {
    this.path = path;
    this.#options = options;
  }

  get #copy(): string {
    return `${this.path}.copy`;
  }

  get #aside(): string {
    return `${this.path}.damaged`;
  }

  /** `undefined` where there is none, or no more. Mends what can be mended, if there is room. */
  async read(): Promise<T | undefined> {
    const file = await this.#find(this.path);
    const copy = await this.#find(this.#copy);
    const whole = [file, copy].find((found) => typeof found === 'object');
    if (!whole) {
      if (file === 'damaged' || copy === 'damaged') await this.#setAside(file === 'damaged' ? this.path : this.#copy);
      return undefined;
    }
    if (whole !== file)
      this.#options.log?.error({ file: this.path, was: file }, 'a file was damaged: its copy is used');
    else if (copy === 'damaged') this.#options.log?.error({ file: this.#copy }, 'the copy of a file was damaged');
    if (typeof file !== 'object' || typeof copy !== 'object' || file.text !== copy.text)
      await this.#mend(whole.content);
    return whole.content;
  }

  /** Durable when it resolves. */
  async write(content: T): Promise<void> {
    const text = `${JSON.stringify({ ...content, crc: checksum(content) }, null, 2)}\n`;
    await writeFileDurable(this.#copy, text);
    await writeFileDurable(this.path, text);
  }

  /** Content was lost, and nobody has said yet that it is there again. */
  async isMissing(): Promise<boolean> {
    return access(this.#aside).then(
      () => true,
      () => false,
    );
  }

  async #find(path: string): Promise<Found<T>> {
    try {
      const text = await readFile(path, 'utf8');
      const { crc, ...content } = JSON.parse(text) as Partial<T> & { readonly crc?: number };
      const isWhole = crc === undefined || crc === checksum(content);
      return isWhole && this.#options.isContent(content as Partial<T>) ? { content: content as T, text } : 'damaged';
    } catch (error) {
      if (isNodeError(error, 'ENOENT')) return 'absent';
      if (error instanceof SyntaxError || error instanceof TypeError || isDiskError(error)) return 'damaged';
      throw error;
    }
  }

  async #mend(content: T): Promise<void> {
    try {
      await this.write(content);
    } catch (error) {
      this.#options.log?.warn({ err: error, file: this.path }, 'a file cannot be written again yet');
    }
  }

  async #setAside(damaged: string): Promise<void> {
    const aside = (await this.isMissing()) ? `${this.#aside}-${Date.now()}` : this.#aside;
    await rename(damaged, aside);
    await syncDirectory(dirname(this.path));
    const hint = `put ${this.path} back from a backup and restart; remove ${aside} when what it held is there again`;
    this.#options.log?.error(
      { file: this.path, setAside: aside, hint },
      'a file and its copy are damaged: it is set aside',
    );
  }
}

/** Of what the file says, however it is laid out. */
function checksum(content: object): number {
  return crc32(JSON.stringify(content));
}
