import { cliErrors } from '../errors.ts';

/** `--exclude` and `--include` in the order in which they were given. */
export interface FilterRule {
  readonly include: boolean;
  readonly pattern: string;
}

export type PathFilter = (path: string) => boolean;

/**
 * As the aws cli: everything counts, and the last rule that matches a path decides. Patterns match the whole path
 * below the top: `*` is any text, also with `/`, `?` one character, `[a-z]` one of these, `[!a-z]` one of the others.
 *
 * @throws HoldfastError `usage` for a range that runs backwards
 */
export function pathFilter(rules: readonly FilterRule[]): PathFilter {
  const compiled = rules.map(({ include, pattern }) => ({ include, expression: globExpression(pattern) }));
  return (path) => compiled.findLast(({ expression }) => expression.test(path))?.include ?? true;
}

function globExpression(pattern: string): RegExp {
  const source = pattern.replace(/\*+|\?|\[!?[^\]]+\]|[\\^$.|+(){}[\]]/g, (token) => {
    if (token.startsWith('*')) return '.*';
    if (token === '?') return '.';
    if (token.length > 1) return token.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    return `\\${token}`;
  });
  try {
    return new RegExp(`^${source}$`, 'su');
  } catch {
    throw cliErrors.usage(`the pattern ${pattern} has a range that runs backwards`, 'write it as in [a-z]');
  }
}
