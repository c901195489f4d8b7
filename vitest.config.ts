import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** No test depends on how soon something comes: this ends only what hangs, also on a machine that is busy with others. */
const PATIENCE_MS = 180_000;

/** By itself, one core is left idle: on two that is half of them. */
const maxWorkers = availableParallelism();

/** One project a kind of test: what each may touch is in CONTRIBUTING.md. */
const project = (name: string, include: string[], extra: Record<string, unknown> = {}) => ({
  test: {
    name,
    include,
    environment: 'node',
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    expect: { poll: { timeout: 60_000 } },
    ...extra,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', ['src/**/*.test.ts', 'sdk/{src,test}/**/*.test.ts', 'scripts/**/*.test.ts'], {
        isolate: false, // to load the modules for each file anew was half of the work
        maxWorkers,
      }),
      project('contract', ['tests/contract/**/*.test.ts'], { maxWorkers }),
      project('simulation', ['tests/simulation/**/*.test.ts'], { testTimeout: 900_000, maxWorkers }),
      project('acceptance', ['tests/acceptance/**/*.test.ts'], {
        testTimeout: 600_000, // for what hangs: dozens of processes one after the other take minutes on a busy machine
        hookTimeout: 600_000,
        fileParallelism: false,
      }),
      project('faults', ['tests/faults/**/*.test.ts'], { testTimeout: 900_000, fileParallelism: false }),
    ],
  },
});
