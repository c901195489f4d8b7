// Builds the SDK and puts it into examples/*/vendor, as the examples are deployed from their
// own directories and no registry has the package. Runs after the install; safe to repeat.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sdk = join(root, 'sdk');
const DELIVERED = ['package.json', 'README.md', 'dist'];

execFileSync(process.execPath, [join(sdk, 'build.mjs')], { stdio: 'inherit' });
for (const example of readdirSync(join(root, 'examples'))) {
  const manifest = join(root, 'examples', example, 'package.json');
  if (existsSync(manifest) && usesSdk(JSON.parse(readFileSync(manifest, 'utf8')))) vendor(dirname(manifest));
}

/** @param {{ dependencies?: Record<string, string> }} manifest */
function usesSdk({ dependencies = {} }) {
  return dependencies['@holdfast/storage'] === 'file:vendor/holdfast-storage';
}

/**
 * Swapped in whole: a deployment that packs the directory meanwhile gets one version or the other.
 * @param {string} example
 */
function vendor(example) {
  const directory = join(example, 'vendor');
  const target = join(directory, 'holdfast-storage');
  mkdirSync(directory, { recursive: true });
  const work = mkdtempSync(join(directory, '.vendor-'));
  try {
    const copy = join(work, 'new');
    mkdirSync(copy);
    for (const name of DELIVERED) cpSync(join(sdk, name), join(copy, name), { recursive: true });
    if (existsSync(target)) renameSync(target, join(work, 'old'));
    renameSync(copy, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
