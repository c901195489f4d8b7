import { writeFile } from 'node:fs/promises';
import { cliReference } from './cli-reference.ts';

/** Writes docs/cli.md: `node scripts/generate-cli-docs.ts`. */
await writeFile(new URL('../docs/cli.md', import.meta.url), await cliReference());
console.log('wrote docs/cli.md');
