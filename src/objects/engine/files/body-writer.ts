import { constants, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError } from '../../../core/errors.ts';
import { bodyEtag, needsMd5 } from '../../store/body-etag.ts';
import type { Deposited, DepositPlace } from '../../store/deposit.ts';
import { bodyMd5 } from '../digest/body-md5.ts';
import { Md5Threads } from '../digest/md5-threads.ts';
import { DiskRoom } from '../disk-room.ts';
import { EncryptedFileWriter } from '../encryption/encrypted-file.ts';
import { DataFileWriter } from './data-file-writer.ts';

interface BodyWriterOptions {
  readonly threads?: Md5Threads;
}

/** Writes bodies to data files of one store, in its own process or in a gateway. */
export class BodyWriter {
  readonly #threads: Md5Threads;
  #room: DiskRoom | undefined;

  constructor({ threads = new Md5Threads() }: BodyWriterOptions = {}) {
    this.#threads = threads;
  }

  /**
   * Reads the body to its end. What it wrote before it throws is for who made the file.
   * @param size where it is known
   * @throws HoldfastError `disk.full`, `object.digest`, and what reading the body throws
   */
  async write(body: AsyncIterable<Uint8Array>, place: DepositPlace, size: number | undefined): Promise<Deposited> {
    const { id, path, key } = place;
    const file = await open(path, constants.O_WRONLY);
    this.#room ??= new DiskRoom(dirname(path));
    const plain = new DataFileWriter({ id, file, path, room: this.#room });
    const writer = key ? new EncryptedFileWriter(plain, key.data) : plain;
    const md5 = needsMd5(place) ? bodyMd5(this.#threads, size) : undefined;
    try {
      for await (const piece of body) {
        const computing = md5?.update(piece);
        if (computing) await computing;
        await writer.write(piece);
      }
      const digest = md5?.digest();
      digest?.catch(() => {}); // told below
      const written = await writer.finish();
      return { file: written, etag: bodyEtag(await digest, place) };
    } catch (error) {
      await plain.stop();
      throw isDiskFull(error) ? HoldfastError.from(error) : error;
    } finally {
      md5?.release();
    }
  }

  close(): Promise<void> {
    return this.#threads.close();
  }
}

function isDiskFull(error: unknown): boolean {
  return HoldfastError.from(error).code === 'disk.full';
}
