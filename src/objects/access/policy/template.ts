import { accessErrors } from '../errors.ts';
import { matchesTokens, matchesWildcard } from '../wildcard.ts';
import { type ConditionContext, isVariable } from './condition-keys.ts';

/** A text of a policy with its variables (IAM User Guide, "IAM policy elements: Variables and tags"). */
export interface Template {
  readonly text: string;
  readonly pieces: readonly Piece[];
}

type Piece =
  /** As it stands in the policy: its `*` and `?` are wildcards where the place knows them. */
  | { readonly kind: 'text'; readonly text: string }
  /** `${*}`, `${?}`, `${$}`: the character itself. */
  | { readonly kind: 'literal'; readonly text: string }
  /** `${aws:username}`, `${aws:username, 'nobody'}`. */
  | { readonly kind: 'variable'; readonly key: string; readonly fallback: string | undefined };

const OPENING = '${';
const REFERENCE = /\$\{([^}]*)\}/;

export function hasVariables(text: string): boolean {
  return text.includes(OPENING);
}

/** @throws HoldfastError `access.policy-malformed` */
export function parseTemplate(text: string): Template {
  const pieces = text.split(REFERENCE).map((piece, i): Piece => {
    if (i % 2 === 1) return parseReference(piece);
    if (hasVariables(piece)) throw accessErrors.policyMalformed(`A policy variable is not closed: ${text}`);
    return { kind: 'text', text: piece };
  });
  return { text, pieces };
}

function parseReference(reference: string): Piece {
  if (['*', '?', '$'].includes(reference)) return { kind: 'literal', text: reference };
  const [, name = '', fallback] = /^\s*([^,']+?)\s*(?:,\s*'([^']*)'\s*)?$/.exec(reference) ?? [];
  const key = name.toLowerCase();
  if (!isVariable(key)) throw accessErrors.policyMalformed(`Policy has an invalid variable: ${reference}`);
  return { kind: 'variable', key, fallback };
}

/** The condition keys (lower-case) that it takes values of. */
export function variablesOf({ pieces }: Template): readonly string[] {
  return pieces.flatMap((piece) => (piece.kind === 'variable' ? piece.key : []));
}

/** `undefined` where a variable has neither a value nor a default: it then equals nothing. */
export function resolveText({ pieces }: Template, context: ConditionContext): string | undefined {
  const texts = pieces.map((piece) => pieceValue(piece, context));
  return texts.includes(undefined) ? undefined : texts.join('');
}

const ANY = Symbol('any characters');
const ONE = Symbol('one character');
const WILDCARDS: Readonly<Record<string, symbol>> = { '*': ANY, '?': ONE };

/** Wildcards are those of the policy's own text: what a variable stands for is taken as it is. */
export function matchesTemplate({ pieces }: Template, text: string, context: ConditionContext): boolean {
  const [first] = pieces;
  if (first?.kind === 'text' && pieces.length === 1) return matchesWildcard(first.text, text);
  const tokens: (string | symbol)[] = [];
  for (const piece of pieces) {
    const value = pieceValue(piece, context);
    if (value === undefined) return false;
    const isText = piece.kind === 'text';
    for (const unit of value.split('')) tokens.push((isText && WILDCARDS[unit]) || unit);
  }
  return matchesTokens(tokens, text, { any: ANY, single: ONE });
}

function pieceValue(piece: Piece, context: ConditionContext): string | undefined {
  if (piece.kind !== 'variable') return piece.text;
  return context(piece.key)[0] ?? piece.fallback;
}
