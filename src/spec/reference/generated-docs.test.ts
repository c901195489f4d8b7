import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { generatedDocs } from './generated-docs.ts';
import { editorSchema } from './json-schema.ts';

describe('generated documents', async () => {
  it.each(await generatedDocs())('$path is up to date (else run `node scripts/generate-docs.ts`)', async (document) => {
    const committed = await readFile(new URL(`../../../${document.path}`, import.meta.url), 'utf8');
    expect(committed).toBe(document.content);
  });
});

describe("the editor's schema", () => {
  const schema = z.fromJSONSchema(editorSchema() as Parameters<typeof z.fromJSONSchema>[0]);

  it.each(['photos.yaml', 'bucket.yaml', 'every-key.yaml', 'seed-004.yml'])('accepts %s', async (name) => {
    const text = await readFile(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
    expect(schema.safeParse(parse(text)).error).toBeUndefined();
  });

  it.each([
    ['an unknown key', { b: { type: 'bucket', properties: { acessibility: 'public' } } }],
    ['an unknown type', { b: { type: 'buckt' } }],
    ['a name that is none', { '1b': { type: 'bucket' } }],
    ['a CORS rule without origins', { b: { type: 'bucket', properties: { cors: [{ methods: ['GET'] }] } } }],
    ['a port out of range', { w: { type: 'web-service', properties: { port: 70000 } } }],
  ])('refuses %s', (_what, resources) => {
    expect(schema.safeParse({ resources }).success).toBe(false);
  });
});
