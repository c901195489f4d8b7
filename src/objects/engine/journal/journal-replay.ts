import { isHoldfastCode } from '../../../core/errors.ts';
import { engineErrors } from '../errors.ts';
import type { LocatedRecord } from './batch.ts';
import type { Segment } from './segment.ts';
import { type LostStretch, salvageSegment } from './segment-salvage.ts';
import { type RecordVisitor, type SegmentEnd, scanSegment } from './segment-scan.ts';

export interface SegmentDamage {
  /** Its name. */
  readonly segment: string;
  readonly lost: readonly LostStretch[];
  /** As it could be read. */
  readonly bytes: Buffer;
}

/** Called before what is whole behind the damage is visited; the replay waits for it. */
export type DamageVisitor = (damage: SegmentDamage) => Promise<void>;

interface Replay {
  readonly segmentBytes: number;
  readonly salt: number;
  /** Records before this position are known. */
  readonly from: number;
  readonly visit: RecordVisitor;
  /** Absent: damage refuses. */
  readonly onDamage: DamageVisitor | undefined;
}

/** The segment that appends go on in. */
interface Tail {
  readonly segment: Segment;
  readonly offset: number;
  readonly previous: number;
}

interface Replayed {
  readonly tail: Tail | undefined;
  /** The tail, or the last of the segments. */
  readonly last: Segment | undefined;
  /** Writes the last batch once more. */
  readonly rewriteLast: () => Promise<void>;
}

/** Visits every record of the segments, in their order. @throws HoldfastError `journal.corrupt` */
export async function replaySegments(segments: readonly Segment[], replay: Replay): Promise<Replayed> {
  let tail: Tail | undefined;
  let rewriteLast = async () => {};
  const follow = async () => {
    if (tail) await cutOff(tail, replay);
    tail = undefined;
  };
  const visit = async (located: LocatedRecord) => {
    if (tail) await follow();
    await replay.visit(located);
  };
  for (const segment of segments) {
    const { last, sealed, ...end } = await scan(segment, { ...replay, visit });
    if (last) rewriteLast = () => segment.write(last.bytes, last.offset);
    if (end.offset > 0) await follow();
    if (!tail && !sealed) tail = { segment, ...end };
  }
  return { tail, last: tail?.segment ?? segments.at(-1), rewriteLast };
}

/** Where a segment is damaged, what is whole of it is visited, and nothing more comes into it. */
async function scan(segment: Segment, replay: Replay): Promise<SegmentEnd> {
  let visited = replay.from;
  const visit = async (located: LocatedRecord) => {
    await replay.visit(located);
    visited = located.position + located.length;
  };
  try {
    return await scanSegment(segment, replay, visit);
  } catch (error) {
    if (!replay.onDamage || !isHoldfastCode(error, 'journal.corrupt')) throw error;
    const { records, ...damage } = await salvageSegment(segment, replay);
    await tell(segment, damage, replay);
    for (const record of records) if (record.position >= visited) await replay.visit(record);
    return { offset: damage.bytes.length, previous: 0, sealed: true, last: undefined };
  }
}

/** The end of a segment that others follow is gone. */
async function cutOff({ segment, offset }: Tail, replay: Replay): Promise<void> {
  if (!replay.onDamage) throw engineErrors.journalCorrupt(segment, offset);
  const { bytes } = await salvageSegment(segment, replay);
  await tell(segment, { lost: [{ from: offset, to: bytes.length, objects: [] }], bytes }, replay);
}

async function tell(segment: Segment, damage: Omit<SegmentDamage, 'segment'>, { onDamage }: Replay): Promise<void> {
  segment.reportDamage();
  await onDamage?.({ ...damage, segment: segment.name });
}
