import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repository } from './test-platform.ts';

/** A copy of a fixture that a test may change. */
export async function sampleApp(name: string, directory: string): Promise<SampleApp> {
  const path = join(directory, name);
  await cp(join(repository, 'tests', 'fixtures', name), path, { recursive: true });
  return new SampleApp(path);
}

export class SampleApp {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Replaces text in one of its files. @throws when the text is not there */
  async edit(file: string, from: string | RegExp, to: string): Promise<void> {
    const path = join(this.path, file);
    const before = await readFile(path, 'utf8');
    const after = before.replace(from, to);
    if (after === before) throw new Error(`${file} has no ${from}`);
    await writeFile(path, after);
  }

  /** Sets the environment of the service `web` in holdfast.yaml. */
  async environment(variables: Readonly<Record<string, string>>): Promise<void> {
    await this.edit('holdfast.yaml', /environment: .*/, `environment: ${JSON.stringify(variables)}`);
  }
}
