/**
 * A pattern in which `*` stands for any characters and `?` for one.
 * @param single what stands for one character; '' for nothing
 */
export function matchesWildcard(pattern: string, text: string, single: '?' | '' = '?'): boolean {
  return matchesTokens(pattern, text, { any: '*', single });
}

/**
 * The same for a pattern of characters and tokens that are none. In time
 * proportional to pattern × text at worst: patterns come from clients, and a
 * regular expression made of one could take forever. What follows a star is looked
 * for by the engine's own search: step by step it took a hundred times as long.
 */
export function matchesTokens<T>(
  pattern: ArrayLike<T>,
  text: string,
  { any, single }: { readonly any: T; readonly single: T },
): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === any) {
      star = p++;
      if (p === pattern.length) return true;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === single || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      const next = pattern[p];
      t = resume = isCharacter(next) && next !== single ? text.indexOf(next, resume + 1) : resume + 1;
      if (t < 0) return false;
    } else return false;
  }
  while (pattern[p] === any) p++;
  return p === pattern.length;
}

function isCharacter(token: unknown): token is string {
  return typeof token === 'string' && token.length === 1;
}
