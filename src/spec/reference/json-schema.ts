import { z } from 'zod';
import { appFileSchema } from '../schema/app-file.ts';
import { type KeyNotes, keyNotes } from '../schema/notes.ts';

/** JSON Schema with the notes of each key beside its keywords. */
export type AnnotatedSchema = z.core.JSONSchema.JSONSchema & KeyNotes;

export function annotatedSchema(): AnnotatedSchema {
  return z.toJSONSchema(appFileSchema, {
    io: 'input',
    target: 'draft-7', // what editors read
    metadata: keyNotes,
    unrepresentable: 'any',
  }) as AnnotatedSchema;
}

/** For editors: the notes as descriptions, since a validator refuses or ignores keywords that it does not know. */
export function editorSchema(): z.core.JSONSchema.JSONSchema {
  const { $schema, ...schema } = plain(annotatedSchema()) as z.core.JSONSchema.JSONSchema;
  return { $schema, title: 'Holdfast app file', ...schema };
}

function plain(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(plain);
  if (typeof node !== 'object' || node === null) return node;
  const { takes, notYet, landed, fallback, ...rest } = node as AnnotatedSchema;
  const described = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, plain(value)]));
  const parts = [availability({ notYet, landed }), rest.description, takes && `Takes ${takes}.`].filter(Boolean);
  return {
    ...described,
    ...(fallback !== undefined && { default: fallback }),
    ...(parts.length > 0 && { description: parts.join(' ') }),
  };
}

export function availability({ notYet, landed }: Pick<KeyNotes, 'notYet' | 'landed'>): string {
  if (notYet) return 'Not available yet.';
  if (!landed) return '';
  return `Only ${landed.map((value) => `\`${value}\``).join(' and ')} is available yet.`;
}
