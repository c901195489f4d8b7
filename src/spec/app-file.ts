import { extname } from 'node:path';
import type { AppSpec } from './app-spec.ts';
import { crossChecks } from './cross-checks.ts';
import { specProblems, specSyntax } from './errors.ts';
import { type Imported, importFlyToml } from './fly/fly-import.ts';
import { appNameOf } from './host-label.ts';
import { normalize } from './normalize.ts';
import { noticesOf } from './notices.ts';
import { appFileSchema } from './schema/app-file.ts';
import { type Problem, validate } from './schema/validate.ts';
import { type Source, SyntaxProblem } from './source/source.ts';
import { parseToml } from './source/toml-source.ts';
import { parseYaml } from './source/yaml-source.ts';

export interface AppFileText {
  readonly text: string;
  /** As errors name it; `.toml` is read as Fly's format, the rest as YAML. */
  readonly filename: string;
  /** Names the app when the file does not. */
  readonly directoryName: string;
}

export interface ParsedAppFile {
  readonly spec: AppSpec;
  /** For a person: what is accepted and does nothing yet. */
  readonly notices: readonly string[];
}

/** Longest app file taken, characters. */
const MAX_LENGTH = 1024 * 1024;

/** More than these are not looked up: nobody reads them. */
const MAX_PROBLEMS = 200;

/**
 * @throws HoldfastError `spec.invalid` with every problem of the file, each with line, column, key, what was
 * expected and what was found; `spec.not-available` when the only problem is that something has not landed yet
 */
export function parseAppFile({ text, filename, directoryName }: AppFileText): ParsedAppFile {
  const toml = extname(filename).toLowerCase() === '.toml';
  const source = readSource(text, { filename, parse: toml ? parseToml : parseYaml });
  const imported = toml ? importFlyToml(source.value) : asItStands(source.value);
  const fail = (problems: readonly Problem[]) => {
    const located = problems
      .slice(0, MAX_PROBLEMS)
      .map((problem) => ({ ...problem, position: source.locate(problem.path, problem.at) }));
    return specProblems(filename, located);
  };
  const toOriginal = (problem: Problem): Problem => ({ ...problem, path: imported.origin(problem.path) });
  if (imported.problems.length > 0) throw fail(imported.problems);
  const result = validate(appFileSchema, imported.document);
  if (!result.success) throw fail(result.problems.map(toOriginal));
  const app = result.data.app ?? appNameOf(directoryName);
  const problems = crossChecks(result.data);
  if (problems.length > 0) throw fail(problems.map(toOriginal));
  return { spec: normalize(result.data, app), notices: [...imported.notices, ...noticesOf(result.data)] };
}

function asItStands(document: unknown): Imported {
  return { document, notices: [], problems: [], origin: (path) => path };
}

function readSource(
  text: string,
  { filename, parse }: { readonly filename: string; readonly parse: (text: string) => Source },
): Source {
  if (text.length > MAX_LENGTH) {
    throw specSyntax(
      filename,
      { line: 1, column: 1 },
      `expected at most ${MAX_LENGTH} characters, found ${text.length}`,
    );
  }
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof SyntaxProblem) throw specSyntax(filename, error.position, error.message);
    throw error;
  }
}
