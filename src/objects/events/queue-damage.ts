/** sqlite3.h: SQLITE_CORRUPT and SQLITE_NOTADB, of any kind. */
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);
/** SQLITE_IOERR_READ, _SHORT_READ, _DATA and _CORRUPTFS. */
const UNREADABLE: ReadonlySet<number> = new Set([266, 522, 8202, 8458]);
/** SQLITE_ERROR: of statements that are always the same, the schema is another. */
const OTHER_SCHEMA = 1;

/** What the queue was kept in is damaged: to ask again is of no use. */
export function isQueueDamage(error: unknown): boolean {
  if (error instanceof SyntaxError) return true; // of a row
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0;
  return DAMAGED.has(code & 0xff) || UNREADABLE.has(code) || code === OTHER_SCHEMA;
}
