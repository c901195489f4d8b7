import { readFile } from 'node:fs/promises';
import { editorSchema } from './json-schema.ts';
import { referencePage } from './reference-page.ts';

export interface GeneratedFile {
  /** From the top of the repository. */
  readonly path: string;
  readonly content: string;
}

/** The documents that are made of the schema. The example is one that the tests parse. */
export async function generatedDocs(): Promise<GeneratedFile[]> {
  const example = await readFile(new URL('../fixtures/photos.yaml', import.meta.url), 'utf8');
  return [
    { path: 'docs/app-file.schema.json', content: `${JSON.stringify(editorSchema(), null, 2)}\n` },
    { path: 'docs/app-file.md', content: referencePage(example) },
  ];
}
