import { type Document, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { found } from '../schema/found.ts';
import type { Path } from '../schema/validate.ts';
import { type Position, type Source, SyntaxProblem } from './source.ts';

/** Aliases may repeat this many nodes in all: far above any real file, far below a "billion laughs". */
const MAX_ALIASES = 100;

/** @throws SyntaxProblem */
export function parseYaml(text: string): Source {
  try {
    return readYaml(text);
  } catch (error) {
    if (error instanceof SyntaxProblem) throw error;
    if (error instanceof RangeError) throw unreadable('the file is nested too deeply');
    if (error instanceof ReferenceError) throw unreadable(error.message); // too many aliases
    throw error;
  }
}

function unreadable(message: string): SyntaxProblem {
  return new SyntaxProblem(message, { line: 1, column: 1 });
}

function readYaml(text: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'silent',
    uniqueKeys: false,
  });
  const [error] = document.errors;
  if (error) throw new SyntaxProblem(error.message, position(lines, error.pos[0]));
  refuseRepeatedKeys(document, lines);
  return {
    value: document.toJS({ maxAliasCount: MAX_ALIASES }),
    locate: (path, at) => position(lines, offsetOf(document, path, at)),
  };
}

/** In place of the parser's `uniqueKeys`, which compares every key of a map with every other. */
function refuseRepeatedKeys(document: Document.Parsed, lines: LineCounter): void {
  visit(document, {
    Map: (_key, map) => {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) {
          throw new SyntaxProblem(`the key ${found(name)} is there twice`, position(lines, start(key) ?? 0));
        }
        seen.add(name);
      }
    },
  });
}

function offsetOf(document: Document.Parsed, path: Path, at: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = start(node) ?? 0;
  for (const [i, part] of path.entries()) {
    const next = child(node, part);
    if (!next) return offset;
    const last = i === path.length - 1;
    offset = (last && at === 'value' ? start(next.value) : undefined) ?? next.offset ?? offset;
    node = next.value;
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
