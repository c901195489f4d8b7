import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { generatedDocs } from './generated-docs.ts';

describe('generated documents', async () => {
  it.each(await generatedDocs())('$path is up to date (else run `node scripts/generate-docs.ts`)', async (document) => {
    const committed = await readFile(new URL(`../../../${document.path}`, import.meta.url), 'utf8');
    expect(committed).toBe(document.content);
  });
});
