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
 * regular expression made of one could take forever.
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
      resume = t;
    } else if (p < pattern.length && (pattern[p] === single || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === any) p++;
  return p === pattern.length;
}
