import { readFile } from 'node:fs/promises';
import { editorSchema } from './json-schema.ts';
import { referencePage } from './reference-page.ts';

export interface GeneratedFile {
  /** From the top of the repository. */
  readonly path: string;
  readonly content: string;
}

/** The documents that are made of the schema. The examples are some that the tests parse. */
export async function generatedDocs(): Promise<GeneratedFile[]> {
  const example = (name: string) => readFile(new URL(`../fixtures/${name}.yaml`, import.meta.url), 'utf8');
  const examples = { photos: await example('photos'), bucket: await example('bucket') };
  return [
    { path: 'docs/app-file.schema.json', content: `${JSON.stringify(editorSchema(), null, 2)}\n` },
    { path: 'docs/app-file.md', content: referencePage(examples) },
  ];
}
