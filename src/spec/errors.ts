import { HoldfastError } from '../core/errors.ts';
import type { Problem } from './schema/validate.ts';
import { formatPath, type Position } from './source/source.ts';

export interface LocatedProblem extends Problem {
  readonly position: Position;
}

/** More than these are counted, not listed. */
const LISTED = 20;

export function specSyntax(filename: string, position: Position, message: string): HoldfastError {
  return new HoldfastError({
    code: 'spec.invalid',
    kind: 'invalid',
    message: `${place(filename, position)}: ${message}`,
    hint: `mend the syntax of ${filename}`,
    resource: `file ${filename}`,
  });
}

/** One error for all problems of a file, in the order of the file. `not-available` only when nothing is wrong besides. */
export function specProblems(filename: string, problems: readonly LocatedProblem[]): HoldfastError {
  const wrong = problems.some(({ kind }) => kind === 'invalid');
  const lines = uniqueLines(filename, problems);
  const more = lines.length > LISTED ? [`… and ${lines.length - LISTED} more`] : [];
  return new HoldfastError({
    code: wrong ? 'spec.invalid' : 'spec.not-available',
    kind: wrong ? 'invalid' : 'not-implemented',
    message:
      lines.length === 1
        ? `${lines[0]}`
        : [`${filename} has ${lines.length} problems:`, ...lines.slice(0, LISTED), ...more].join('\n  '),
    hint: wrong
      ? 'docs/app-file.md describes every key; docs/app-file.schema.json completes and checks them in an editor'
      : 'docs/app-file.md says what is available; take the rest out of the file for now',
    resource: `file ${filename}`,
  });
}

function uniqueLines(filename: string, problems: readonly LocatedProblem[]): string[] {
  const sorted = [...problems].sort(
    (a, b) => a.position.line - b.position.line || a.position.column - b.position.column,
  );
  const lines = sorted.map(({ path, position, message }) =>
    [place(filename, position), formatPath(path), message].filter(Boolean).join(': '),
  );
  return [...new Set(lines)];
}

function place(filename: string, { line, column }: Position): string {
  return `${filename}:${line}:${column}`;
}
