import type { ScrubPass } from '../../objects/scrub/scrub-report.ts';
import type { Platform } from '../platform.ts';
import type { ControlContext } from '../reconcile/context.ts';
import type { ScrubPassView } from '../scrub-view.ts';

type Scrub = Pick<Platform, 'scrubReport' | 'beginScrub'>;

/** The object store checks itself. */
export function createScrubOperations({ drivers }: ControlContext): Scrub {
  const { objects } = drivers;
  return {
    scrubReport: async () => {
      const { current, last, setAside = [], lostKeys = [], indexRebuild: rebuild } = await objects.scrubReport({});
      const indexRebuild = rebuild ? { ...rebuild, damage: rebuild.damage ?? null } : null;
      return { current: viewOf(current), last: viewOf(last), setAside, lostKeys, indexRebuild };
    },
    beginScrub: () => objects.beginScrub({}),
  };
}

function viewOf(pass: ScrubPass | undefined): ScrubPassView | null {
  return pass ? { ...pass, finishedAt: pass.finishedAt ?? null } : null;
}
