// Adds to package-lock.json the optional packages of other platforms that a registry did not have when
// the lock was written: npm leaves them out then, and `npm ci` refuses the lock that npm itself wrote.
// Run it after `npm install` has changed the lock file.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @typedef {{ version?: string, dev?: boolean, optional?: boolean, optionalDependencies?: Record<string, string>, os?: string[], cpu?: string[], libc?: string[] }} LockEntry */
/** @typedef {{ packages: Record<string, LockEntry> }} Lock */

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'];

/**
 * The optional dependencies that no entry satisfies, by the path that they would have.
 * @param {Lock} lock
 * @returns {Map<string, LockEntry>}
 */
export function missingEntries(lock) {
  const missing = new Map();
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (isResolved(lock, path, name)) continue;
      missing.set(`node_modules/${name}`, {
        version,
        ...(entry.dev ? { dev: true } : {}),
        optional: true,
        ...platformOf(name),
      });
    }
  }
  return missing;
}

/**
 * Node's own look-up: beside the package, then upwards.
 * @param {Lock} lock
 * @param {string} from
 * @param {string} name
 */
function isResolved(lock, from, name) {
  for (let path = from; ; path = path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/')))) {
    if (Object.hasOwn(lock.packages, `${path === '' ? '' : `${path}/`}node_modules/${name}`)) return true;
    if (path === '') return false;
  }
}

/** @param {string} name such as `@biomejs/cli-linux-x64-musl` */
function platformOf(name) {
  const os = SYSTEMS.find((system) => name.includes(system));
  const cpu = PROCESSORS.find((processor) => new RegExp(`-${processor}(-|$)`).test(name));
  if (!os || !cpu) throw new Error(`${name} does not name its platform; add it to package-lock.json by hand`);
  const libc = ['musl', 'gnu'].find((library) => name.includes(library));
  return { os: [os], cpu: [cpu], ...(libc ? { libc: [libc === 'gnu' ? 'glibc' : libc] } : {}) };
}

/** @param {string} path */
export function readLock(path) {
  return /** @type {Lock} */ (JSON.parse(readFileSync(path, 'utf8')));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));
  const lock = readLock(path);
  const missing = missingEntries(lock);
  const packages = { ...lock.packages, ...Object.fromEntries(missing) };
  const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
  writeFileSync(path, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`);
  console.log(`${missing.size} entries added`);
}
