import { z } from 'zod';

/** What the reference page and editors say about a key. */
export interface KeyNotes {
  readonly description?: string;
  /** The values that it takes, for a person. */
  readonly takes?: string;
  /** The value that absence stands for, where the schema itself does not fill it in. */
  readonly fallback?: string | number;
  /** The key (or the type that it selects) is designed and refused: its capability has not landed. */
  readonly notYet?: true;
  /** Only these of the values that the schema takes have landed. */
  readonly landed?: readonly string[];
}

/** Notes of every key of the app file, found by schema instance. */
export const keyNotes = z.registry<KeyNotes>();

/** Marks an issue as "designed, not available yet" instead of "wrong". */
const NOT_AVAILABLE = { notAvailable: true } as const;

/** The schema of one key, with its notes. A copy carries them, so that a schema may serve several keys. */
export function key<T extends z.ZodType>(schema: T, description: string, notes: Pick<KeyNotes, 'fallback'> = {}): T {
  return note(schema, { description, ...notes });
}

/** A key whose capability has not landed: its value is checked, then refused. */
export function notYet<T extends z.ZodType>(schema: T, description: string) {
  const refused = schema.optional().superRefine((value, context) => {
    if (value === undefined) return;
    context.addIssue({ code: 'custom', params: NOT_AVAILABLE, message: 'not available yet' });
  });
  return note(refused, { description, notYet: true });
}

/** A resource type that has not landed; stands as the discriminator of a union. */
export function notYetType<const T extends string>(type: T, description: string, instead?: string) {
  const message = `type "${type}" is not available yet${instead ? `; ${instead}` : ''}`;
  const refused = z.literal(type).superRefine((_value, context) => {
    context.addIssue({ code: 'custom', params: NOT_AVAILABLE, message });
  });
  return note(refused, { description, notYet: true });
}

/** A key of whose values only some have landed. Absence always has. */
export function landed<T extends z.ZodType>(
  schema: T,
  description: string,
  { values, ...notes }: { readonly values: readonly z.output<T>[] } & Pick<KeyNotes, 'fallback'>,
) {
  const shown = notes.fallback === undefined ? values.map(String) : [String(notes.fallback)];
  const checked = schema.superRefine((value, context) => {
    if (value === undefined || values.includes(value)) return;
    const message = `this value is not available yet, only ${shown.join(' and ')}`;
    context.addIssue({ code: 'custom', params: NOT_AVAILABLE, message });
  });
  return note(checked, { description, landed: shown, ...notes });
}

/** A kind of value that several keys share, named by what it takes. */
export function takes<T extends z.ZodType>(what: string, schema: T): T {
  return note(schema, { takes: what });
}

function note<T extends z.ZodType>(schema: T, notes: KeyNotes): T {
  const own = schema.clone();
  keyNotes.add(own, { ...keyNotes.get(schema), ...notes });
  return own;
}
