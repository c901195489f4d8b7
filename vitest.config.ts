import { defineConfig } from 'vitest/config';

/** One project a kind of test: what each may touch is in CONTRIBUTING.md. */
const project = (name: string, include: string[], extra: Record<string, unknown> = {}) => ({
  test: { name, include, environment: 'node', ...extra },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', ['src/**/*.test.ts', 'sdk/{src,test}/**/*.test.ts', 'scripts/**/*.test.ts'], {
        testTimeout: 20_000, // properties on a busy machine
        isolate: false, // to load the modules for each file anew was half of the work
      }),
      project('contract', ['tests/contract/**/*.test.ts'], { testTimeout: 30_000 }),
      project('simulation', ['tests/simulation/**/*.test.ts'], { testTimeout: 180_000 }),
      project('acceptance', ['tests/acceptance/**/*.test.ts'], {
        testTimeout: 600_000, // for what hangs: dozens of processes one after the other take minutes on a busy machine
        hookTimeout: 600_000,
        fileParallelism: false,
      }),
      project('faults', ['tests/faults/**/*.test.ts'], {
        testTimeout: 600_000,
        hookTimeout: 180_000,
        fileParallelism: false,
      }),
    ],
  },
});
