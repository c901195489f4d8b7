import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

export interface Album {
  readonly id: string;
  readonly title: string;
  readonly createdAt: number;
}

export interface AlbumSummary extends Album {
  readonly pictures: number;
  /** The newest with a thumbnail, up to four. */
  readonly covers: readonly Picture[];
}

export interface Picture {
  readonly id: string;
  readonly albumId: string;
  /** In the bucket. */
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly etag: string;
  readonly createdAt: number;
  readonly thumbnail: 'pending' | 'ready' | 'failed';
  readonly width: number | null;
  readonly height: number | null;
  /** `#rrggbb`, what the picture looks like from afar. */
  readonly color: string | null;
}

export type NewPicture = Pick<Picture, 'id' | 'albumId' | 'key' | 'name' | 'type' | 'size' | 'etag'>;

export interface Counts {
  readonly albums: number;
  readonly pictures: number;
  readonly thumbnails: number;
}

export class AlbumGone extends Error {
  constructor() {
    super('there is no such album');
  }
}

const SCHEMA = `
  CREATE TABLE albums (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    createdAt INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE pictures (
    id TEXT PRIMARY KEY,
    albumId TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    createdAt INTEGER NOT NULL,
    thumbnail TEXT NOT NULL DEFAULT 'pending' CHECK (thumbnail IN ('pending', 'ready', 'failed')),
    width INTEGER,
    height INTEGER,
    color TEXT,
    removed INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX pictures_of_album ON pictures (albumId, id) WHERE removed = 0;
  CREATE INDEX pictures_to_do ON pictures (thumbnail) WHERE thumbnail = 'pending';
  PRAGMA user_version = 1;
`;

const COLUMNS = 'id, albumId, key, name, type, size, etag, createdAt, thumbnail, width, height, color';

/** The catalogue. A method that writes has written to the disk when it returns. */
export class Library {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path, { timeout: 5_000 });
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    this.#db.exec('BEGIN IMMEDIATE');
    if (this.#get<{ user_version: number }>('PRAGMA user_version')?.user_version === 0) this.#db.exec(SCHEMA);
    this.#db.exec('COMMIT');
  }

  close(): void {
    this.#db.close();
  }

  /** @throws when the database cannot be read */
  check(): void {
    this.#db.prepare('SELECT 1 FROM albums LIMIT 1').get();
  }

  createAlbum(album: Album): void {
    this.#run('INSERT INTO albums (id, title, createdAt) VALUES (?, ?, ?)', album.id, album.title, album.createdAt);
  }

  /** The album of that id, made when there is none. */
  ensureAlbum(album: Album): void {
    this.#run(
      'INSERT OR IGNORE INTO albums (id, title, createdAt) VALUES (?, ?, ?)',
      album.id,
      album.title,
      album.createdAt,
    );
  }

  album(id: string): Album | undefined {
    return this.#get<Album>('SELECT id, title, createdAt FROM albums WHERE id = ?', id);
  }

  /** The one that changed last comes first. */
  albums(): AlbumSummary[] {
    const rows = this.#all<Album & { pictures: number }>(
      `SELECT a.id, a.title, a.createdAt, count(p.id) AS pictures
       FROM albums a LEFT JOIN pictures p ON p.albumId = a.id AND p.removed = 0
       GROUP BY a.id ORDER BY max(a.createdAt, coalesce(max(p.createdAt), 0)) DESC, a.id DESC`,
    );
    return rows.map((row) => ({ ...row, covers: this.#covers(row.id) }));
  }

  /** Takes the album away; its pictures are to be removed by `markRemoved` and `forget`. */
  removeAlbum(id: string): void {
    this.#run('DELETE FROM albums WHERE id = ?', id);
  }

  /** @throws when the album has been removed meanwhile */
  addPicture(picture: NewPicture): void {
    const { id, albumId, key, name, type, size, etag } = picture;
    const added = this.#run(
      `INSERT INTO pictures (id, key, name, type, size, etag, createdAt, albumId)
       SELECT ?, ?, ?, ?, ?, ?, ?, albums.id FROM albums WHERE albums.id = ?`,
      ...[id, key, name, type, size, etag, Date.now(), albumId],
    );
    if (added === 0) throw new AlbumGone();
  }

  picture(id: string): Picture | undefined {
    return this.#get<Picture>(`SELECT ${COLUMNS} FROM pictures WHERE id = ? AND removed = 0`, id);
  }

  /** Newest first. */
  pictures(albumId: string): Picture[] {
    return this.#all<Picture>(
      `SELECT ${COLUMNS} FROM pictures WHERE albumId = ? AND removed = 0 ORDER BY id DESC`,
      albumId,
    );
  }

  withoutThumbnail(): Picture[] {
    return this.#all<Picture>(`SELECT ${COLUMNS} FROM pictures WHERE thumbnail = 'pending' AND removed = 0`);
  }

  /** False when there is no such picture (any more). */
  thumbnailReady(id: string, { width, height, color }: { width: number; height: number; color: string }): boolean {
    const sql = `UPDATE pictures SET thumbnail = 'ready', width = ?, height = ?, color = ? WHERE id = ? AND removed = 0`;
    return this.#run(sql, width, height, color, id) > 0;
  }

  /** What one of two workers has made stays, whatever the other one says. */
  thumbnailFailed(id: string): boolean {
    const failed = `CASE thumbnail WHEN 'ready' THEN 'ready' ELSE 'failed' END`;
    return this.#run(`UPDATE pictures SET thumbnail = ${failed} WHERE id = ? AND removed = 0`, id) > 0;
  }

  /** Nobody sees it from now on; its files may be deleted, and must be before `forget`. */
  markRemoved(id: string): void {
    this.#run('UPDATE pictures SET removed = 1 WHERE id = ?', id);
  }

  removed(): Picture[] {
    return this.#all<Picture>(`SELECT ${COLUMNS} FROM pictures WHERE removed = 1`);
  }

  forget(id: string): void {
    this.#run('DELETE FROM pictures WHERE id = ? AND removed = 1', id);
  }

  counts(): Counts {
    const counts = this.#get<Counts>(
      `SELECT (SELECT count(*) FROM albums) AS albums, count(*) AS pictures,
              count(*) FILTER (WHERE thumbnail = 'ready') AS thumbnails
       FROM pictures WHERE removed = 0`,
    );
    return counts ?? { albums: 0, pictures: 0, thumbnails: 0 };
  }

  #covers(albumId: string): Picture[] {
    return this.#all<Picture>(
      `SELECT ${COLUMNS} FROM pictures
       WHERE albumId = ? AND removed = 0 AND thumbnail = 'ready' ORDER BY id DESC LIMIT 4`,
      albumId,
    );
  }

  #run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#db.prepare(sql).run(...values).changes);
  }

  #get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    const row = this.#db.prepare(sql).get(...values);
    return row && ({ ...row } as Row);
  }

  #all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#db.prepare(sql).all(...values) as Row[];
  }
}
