import type { Random } from '../simulation/random.ts';

/** Pieces that mean something somewhere: separators, encodings, numbers at the edges of types. */
const PIECES = [
  ...[
    '',
    ' ',
    '\t',
    '\r\n',
    '\n',
    '\0',
    '/',
    '//',
    '..',
    '?',
    '&',
    '=',
    '+',
    '%',
    '%00',
    '%2F',
    '%ff',
    '%C3%A9',
    ';',
    ',',
  ],
  ...[
    '"',
    "'",
    '<',
    '>',
    '&amp;',
    '&#0;',
    '&#xD800;',
    '<!--',
    ']]>',
    '<![CDATA[',
    '<!DOCTYPE x>',
    '{',
    '}',
    '[',
    ']',
    ':',
    '*',
  ],
  ...[
    'é',
    '🙂',
    '\ufeff',
    '\ud800',
    '\u2028',
    '__proto__',
    'constructor',
    'null',
    'true',
    '-1',
    '0',
    '1e9',
    'NaN',
    '~',
    '!',
  ],
  ...['2147483648', '9007199254740993', '99999999999999999999', 'ffffffffffff', '- ', '&a *a', '|', '>', '\u0085'],
] as const;

/** One to four edits: cut, repeat, insert, replace, move or flip. Never half a character: what comes over the wire is UTF-8. */
export function mutateText(text: string, random: Random, dictionary: readonly string[] = []): string {
  let mutated = text;
  for (let edits = random.between(1, 4); edits > 0; edits--) mutated = editText(mutated, random, dictionary);
  return mutated.toWellFormed();
}

function editText(text: string, random: Random, dictionary: readonly string[]): string {
  const at = random.between(0, text.length);
  const end = Math.min(text.length, at + random.between(0, random.chance(0.2) ? 200 : 8));
  const [before, piece, after] = [text.slice(0, at), text.slice(at, end), text.slice(end)];
  const words = [...PIECES, ...dictionary];
  const word = words[random.between(0, words.length - 1)] ?? '';
  switch (random.between(0, 5)) {
    case 0:
      return before + after;
    case 1:
      return before + piece.repeat(random.chance(0.02) ? 1000 : random.between(2, 5)) + after;
    case 2:
      return before + word + piece + after;
    case 3:
      return before + word + after;
    case 4:
      return after + piece + before;
    default:
      return before + String.fromCharCode(text.charCodeAt(at) ^ (1 << random.between(0, 7))) + text.slice(at + 1);
  }
}

/** One to three edits of bytes: flip, cut, repeat, insert. */
export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  let mutated = bytes;
  for (let edits = random.between(1, 3); edits > 0; edits--) {
    const at = random.between(0, mutated.length);
    const end = Math.min(mutated.length, at + random.between(1, random.chance(0.3) ? 120 : 4));
    const [before, piece, after] = [mutated.subarray(0, at), mutated.subarray(at, end), mutated.subarray(end)];
    const flipped = Buffer.from(piece.subarray(0, 1).map((byte) => byte ^ (1 << random.between(0, 7))));
    const choices: [readonly Buffer[], ...(readonly Buffer[])[]] = [
      [before, flipped, mutated.subarray(at + 1)],
      [before, after],
      [before, piece, piece, after],
      [before, Buffer.from([random.between(0, 255)]), piece, after],
      [before],
    ];
    mutated = Buffer.concat(random.pick(choices));
  }
  return mutated;
}
