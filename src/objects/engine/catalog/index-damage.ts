/** An entry of the index is not what was written, or says nothing that could have been. */
export class EntryDamage extends Error {
  constructor(cause?: unknown) {
    super('an entry of the index cannot be read', { cause });
  }
}

/** lmdb.h: MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_PANIC, MDB_CURSOR_FULL, MDB_PAGE_FULL, and MDB_BAD_TXN of what was tried next. */
const DAMAGE_CODES: ReadonlySet<unknown> = new Set([-30797, -30796, -30795, -30787, -30786, -30782]);

export function isIndexDamage(error: unknown): boolean {
  if (error instanceof EntryDamage) return true;
  return error instanceof Error && 'code' in error && DAMAGE_CODES.has(error.code);
}
