import { type Document, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Path } from '../schema/validate.ts';
import { type Position, type Source, SyntaxProblem } from './source.ts';

/** Aliases may repeat this many nodes in all: far above any real file, far below a "billion laughs". */
const MAX_ALIASES = 100;

/** @throws SyntaxProblem */
export function parseYaml(text: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const [error] = document.errors;
  if (error) throw new SyntaxProblem(error.message, position(lines, error.pos[0]));
  return {
    value: toValue(document),
    locate: (path, at) => position(lines, offsetOf(document, path, at)),
  };
}

function toValue(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    const message = error instanceof ReferenceError ? error.message : 'the file is nested too deeply';
    throw new SyntaxProblem(message, { line: 1, column: 1 });
  }
}

function offsetOf(document: Document.Parsed, path: Path, at: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = start(node) ?? 0;
  for (const [i, part] of path.entries()) {
    const found = child(node, part);
    if (!found) return offset;
    const last = i === path.length - 1;
    offset = (last && at === 'value' ? start(found.value) : undefined) ?? found.offset ?? offset;
    node = found.value;
  }
  return offset;
}

function child(node: unknown, part: string | number): { value: unknown; offset: number | undefined } | undefined {
  if (isSeq(node)) {
    const value = node.items[Number(part)];
    return value === undefined ? undefined : { value, offset: start(value) };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part));
  return pair && { value: pair.value, offset: start(pair.key) };
}

function start(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
