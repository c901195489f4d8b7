import { writeFile } from 'node:fs/promises';
import { generatedDocs } from '../src/spec/reference/generated-docs.ts';

/** Writes the documents that are made of the code: `node scripts/generate-docs.ts`. */
for (const { path, content } of await generatedDocs()) {
  await writeFile(new URL(`../${path}`, import.meta.url), content);
  console.log(`wrote ${path}`);
}
