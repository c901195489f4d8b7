import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { cliReference } from './cli-reference.ts';

it('docs/cli.md is up to date (else run `node scripts/generate-cli-docs.ts`)', async () => {
  const written = await readFile(new URL('../docs/cli.md', import.meta.url), 'utf8');
  expect(written).toBe(await cliReference());
});
