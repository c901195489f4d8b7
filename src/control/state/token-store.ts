import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Database } from './database.ts';

const ROOT = 'root';
const FORM = /^hf_([0-9a-f]{16})_[\w-]{43}$/;

/**
 * API tokens: `hf_<id>_<256 random bits>`. Only the SHA-256 is kept; it needs no
 * salt or slow hash, as nobody can guess 256 random bits.
 */
export class TokenStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The one time that the token can be read. */
  async create(name: string, now: number): Promise<string> {
    const id = randomBytes(8).toString('hex');
    const token = `hf_${id}_${randomBytes(32).toString('base64url')}`;
    await this.#db
      .insertInto('tokens')
      .values({ id, name, hash: digest(token).toString('hex'), createdAt: now })
      .execute();
    return token;
  }

  /** Compares digests in constant time; the id in a token is no secret. */
  async verify(token: string): Promise<{ readonly name: string } | undefined> {
    const id = FORM.exec(token)?.[1];
    if (id === undefined) return undefined;
    const row = await this.#db.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row || !timingSafeEqual(digest(token), Buffer.from(row.hash, 'hex'))) return undefined;
    return { name: row.name };
  }

  /** `present` when it is the root token; else a new one, and the root token before it is void. */
  async ensureRootToken(present: string | undefined, now: number): Promise<string> {
    if (present !== undefined && (await this.verify(present))?.name === ROOT) return present;
    await this.#db.deleteFrom('tokens').where('name', '=', ROOT).execute();
    return this.create(ROOT, now);
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
