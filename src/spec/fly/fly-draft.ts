import type { Path, Problem } from '../schema/validate.ts';

/** What is learnt on the way from a fly.toml to an app file. */
export class FlyDraft {
  readonly problems: Problem[] = [];
  readonly #origins = new Map<string, Path>();
  readonly #notices = new Set<string>();

  get notices(): readonly string[] {
    return [...this.#notices];
  }

  /** `value`, noted as made of what stands at `origin` in the original. */
  made<T>(path: Path, value: T, origin: Path): T {
    this.#origins.set(JSON.stringify(path), origin);
    return value;
  }

  /** `{ [name]: value }` below `path`, or nothing when there is no value. */
  key(path: Path, value: unknown, origin: Path): Record<string, unknown> {
    return value === undefined ? {} : { [String(path.at(-1))]: this.made(path, value, origin) };
  }

  notice(text: string): void {
    this.#notices.add(`fly.toml: ${text}`);
  }

  origin(path: Path): Path {
    for (let length = path.length; length > 0; length--) {
      const origin = this.#origins.get(JSON.stringify(path.slice(0, length)));
      if (origin) return origin;
    }
    return path.length === 1 ? path : [];
  }
}
