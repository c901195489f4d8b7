import type { FileReferences } from './file-references.ts';
import type { ObjectIndex } from './object-index.ts';
import type { SegmentUsage } from './segment-usage.ts';
import { joinSpans, type Location, type Span } from './version.ts';

/** What all tables of the catalog keep their accounts in. */
export interface Ledger {
  readonly index: ObjectIndex;
  readonly files: FileReferences;
  readonly segments: SegmentUsage;
  sequenceOf(position: number): number;
}

/** The span over `location`, which dies now, and what died before it. */
export function spanWith(ledger: Ledger, span: Span | undefined, location: Location): Span | undefined {
  const sequence = ledger.sequenceOf(location.position);
  return joinSpans(span, { first: sequence, last: sequence });
}
