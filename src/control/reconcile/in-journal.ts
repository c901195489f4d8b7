import type { ControlContext } from './context.ts';

interface Step {
  readonly app: string;
  readonly action: { readonly kind: string };
}

/** Does it with its step in the journal before and after. */
export async function inJournal(
  { state: { journal }, clock }: Pick<ControlContext, 'state' | 'clock'>,
  { app, action }: Step,
  work: () => Promise<void>,
): Promise<void> {
  const startedAt = clock.now();
  const step = await journal.begin({ app, name: action.kind, action: JSON.stringify(action), startedAt });
  try {
    await work();
  } catch (error) {
    await journal.end(step, clock.now(), error instanceof Error ? error.message : String(error));
    throw error;
  }
  await journal.end(step, clock.now(), null);
}
