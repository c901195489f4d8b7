/** What an append is for, the first to be refused on a full disk first. */
export const PURPOSES = ['write', 'remove', 'compact'] as const;
export type Purpose = (typeof PURPOSES)[number];

/**
 * Spare segments that stay behind. Removals must go on when writes cannot, and
 * compaction, which makes room of what they leave, when removals cannot.
 */
export const KEPT_SPARES: Readonly<Record<Purpose, number>> = { write: 2, remove: 1, compact: 0 };
