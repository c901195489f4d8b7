import { parse, TomlError } from 'smol-toml';
import type { Path } from '../schema/validate.ts';
import { positionAt, type Source, SyntaxProblem } from './source.ts';
import { scanTomlKeys } from './toml-keys.ts';

/** @throws SyntaxProblem */
export function parseToml(text: string): Source {
  const value = parseOrThrow(text);
  const keys = scanTomlKeys(text);
  return {
    value,
    locate: (path, at) => {
      for (let length = path.length; length > 0; length--) {
        const place = keys.get(pathKey(path.slice(0, length)));
        if (place) return positionAt(text, length === path.length && at === 'value' ? place.value : place.key);
      }
      return { line: 1, column: 1 };
    },
  };
}

function pathKey(path: Path): string {
  return JSON.stringify(path);
}

function parseOrThrow(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof TomlError) {
      const [, message = error.message] = /^Invalid TOML document: (.*)/.exec(error.message) ?? [];
      throw new SyntaxProblem(message, { line: error.line, column: error.column });
    }
    throw new SyntaxProblem('the file is nested too deeply', { line: 1, column: 1 });
  }
}
