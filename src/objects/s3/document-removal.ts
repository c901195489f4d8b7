import type { Action } from '../access/key-scope.ts';
import type { Operation } from './operation.ts';

interface DocumentRemoval {
  readonly action: Action;
  /** Of the bucket. */
  readonly document: string;
}

/** The operation of that name takes a document away: what it says holds no more. */
export function documentRemoval(name: string, { action, document }: DocumentRemoval): Operation {
  return {
    name,
    action,
    async handle({ bucket }, { store }) {
      await store.updateBucket(bucket, { documents: { [document]: undefined } });
      return { status: 204 };
    },
  };
}
