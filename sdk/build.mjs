// Builds dist/esm and dist/cjs. The result is made aside and swapped in whole, so that
// whoever reads dist while a build runs sees the old one or the new one.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

const work = mkdtempSync(join(here, '.build-'));
const built = join(work, 'dist');
try {
  compile('tsconfig.json', 'esm');
  compile('tsconfig.cjs.json', 'cjs');
  writeFileSync(join(built, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
  swap(join(here, 'dist'));
} finally {
  rmSync(work, { recursive: true, force: true });
}

function compile(project, format) {
  const argv = [tsc, '--project', join(here, project), '--outDir', join(built, format)];
  execFileSync(process.execPath, argv, { stdio: 'inherit' });
  for (const name of readdirSync(join(built, format))) {
    if (name.endsWith('.d.ts')) useJsSpecifiers(join(built, format, name));
  }
}

/** tsc rewrites `./x.ts` to `./x.js` in code but not in declarations, where older compilers refuse it. */
function useJsSpecifiers(path) {
  writeFileSync(path, readFileSync(path, 'utf8').replace(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'"));
}

function swap(target) {
  if (existsSync(target)) renameSync(target, join(work, 'old'));
  renameSync(built, target);
}
