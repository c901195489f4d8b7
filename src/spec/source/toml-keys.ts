import type { Path } from '../schema/validate.ts';

export interface KeyPlace {
  /** Offsets in the text. */
  readonly key: number;
  readonly value: number;
}

/**
 * Where the keys of a TOML text stand, by the JSON of their path. The text has
 * been accepted by the parser, so that only its outline is read here: headers,
 * keys, and how far each value reaches (TOML 1.0, "Keyval", "Table", "Array of
 * Tables"). Keys inside inline tables are not listed; their table is.
 */
export function scanTomlKeys(text: string): ReadonlyMap<string, KeyPlace> {
  return new TomlOutline(text).scan();
}

class TomlOutline {
  readonly #text: string;
  readonly #places = new Map<string, KeyPlace>();
  /** Elements so far of each array of tables, by the JSON of its path. */
  readonly #counts = new Map<string, number>();
  #at = 0;
  #table: Path = [];

  constructor(text: string) {
    this.#text = text;
  }

  scan(): ReadonlyMap<string, KeyPlace> {
    for (this.#skipBlank(); this.#at < this.#text.length; this.#skipBlank()) {
      if (this.#text[this.#at] === '[') this.#header();
      else this.#keyValue();
    }
    return this.#places;
  }

  #header(): void {
    const start = this.#at;
    const array = this.#text.startsWith('[[', start);
    this.#at += array ? 2 : 1;
    const names = this.#dottedKey();
    this.#at += array ? 2 : 1;
    const parent = this.#resolve(names.slice(0, -1));
    const path = [...parent, names.at(-1) ?? ''];
    this.#table = array ? this.#nextElement(path) : path;
    this.#note(path, start, start);
    if (array) this.#note(this.#table, start, start);
  }

  #keyValue(): void {
    const start = this.#at;
    const path = [...this.#table, ...this.#dottedKey()];
    this.#at++; // the "="
    this.#skipSpaces();
    this.#note(path, start, this.#at);
    this.#skipValue();
  }

  #nextElement(path: Path): Path {
    const index = this.#counts.get(JSON.stringify(path)) ?? 0;
    this.#counts.set(JSON.stringify(path), index + 1);
    return [...path, index];
  }

  /** A name that stands for an array of tables means its newest element. */
  #resolve(names: readonly string[]): Path {
    let path: Path = [];
    for (const name of names) {
      path = [...path, name];
      const count = this.#counts.get(JSON.stringify(path));
      if (count !== undefined) path = [...path, count - 1];
    }
    return path;
  }

  #note(path: Path, key: number, value: number): void {
    const id = JSON.stringify(path);
    if (!this.#places.has(id)) this.#places.set(id, { key, value });
  }

  #dottedKey(): string[] {
    const names: string[] = [];
    for (;;) {
      this.#skipSpaces();
      names.push(this.#simpleKey());
      this.#skipSpaces();
      if (this.#text[this.#at] !== '.') return names;
      this.#at++;
    }
  }

  #simpleKey(): string {
    const start = this.#at;
    const quote = this.#text[start];
    if (quote === '"' || quote === "'") {
      this.#skipString();
      const raw = this.#text.slice(start + 1, this.#at - 1);
      return quote === "'" ? raw : unescaped(raw);
    }
    return this.#take(/[\w-]*/y);
  }

  /** Up to the end of the value: strings as wholes, brackets balanced, comments inside arrays left out. */
  #skipValue(): void {
    let depth = 0;
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at];
      if (char === '"' || char === "'") this.#skipString();
      else if (char === '#') this.#take(/[^\n]*/y);
      else if (char === '\n' && depth === 0) return;
      else {
        if (char === '[' || char === '{') depth++;
        if (char === ']' || char === '}') depth--;
        this.#at++;
      }
    }
  }

  #skipString(): void {
    const quote = this.#text[this.#at];
    if (this.#text.startsWith(`${quote}${quote}${quote}`, this.#at)) {
      // Up to two quotes may stand before the closing three.
      this.#take(quote === '"' ? /"""(?:\\[\s\S]|[^\\])*?"""+/y : /'''[\s\S]*?'''+/y);
    } else this.#take(quote === '"' ? /"(?:\\.|[^"\\])*"/y : /'[^']*'/y);
  }

  #skipBlank(): void {
    this.#take(/(?:\s|#[^\n]*)*/y);
  }

  #skipSpaces(): void {
    this.#take(/[ \t]*/y);
  }

  /** What `pattern` (sticky) matches here; at least one character is passed when it does not match. */
  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    this.#at += match ? match[0].length : 1;
    return match?.[0] ?? '';
  }
}

function unescaped(raw: string): string {
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return raw; // an escape that JSON does not have (\U, \e): its position is not worth more
  }
}
