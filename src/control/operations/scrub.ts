import type { ScrubPassInfo } from '../../objects/object-admin.ts';
import type { Platform, ScrubPassView } from '../platform.ts';
import type { ControlContext } from '../reconcile/context.ts';

type Scrub = Pick<Platform, 'scrubReport' | 'beginScrub'>;

/** The object store checks itself. */
export function createScrubOperations({ drivers }: ControlContext): Scrub {
  const { objects } = drivers;
  return {
    scrubReport: async () => {
      const { current, last } = await objects.scrubReport({});
      return { current: viewOf(current), last: viewOf(last) };
    },
    beginScrub: () => objects.beginScrub({}),
  };
}

function viewOf(pass: ScrubPassInfo | undefined): ScrubPassView | null {
  return pass ? { ...pass, finishedAt: pass.finishedAt ?? null } : null;
}
