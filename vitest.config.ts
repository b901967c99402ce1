import { defineConfig } from 'vitest/config';

const CLOCKS = ['responsive', 'llc', 'experiments'].map((name) => `test/e2e/${name}.test.ts`);

export default defineConfig({
  test: {
    // Dawn reads the C environment, which worker threads do not reach.
    pool: 'forks',
    maxWorkers: 2,
    setupFiles: ['src/cli/relaxed-simd.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: { name: 'core', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**'], sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], exclude: CLOCKS, testTimeout: 180_000, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        // One browser at a time: these tests look at the clock.
        test: { name: 'clock', include: CLOCKS, fileParallelism: false, testTimeout: 180_000, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
