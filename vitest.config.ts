import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/{flow,kill,browser,mta}/**'],
    pool: 'forks',
    // Most of the time is spent waiting for deadlines, not computing: more processes than cores are right.
    maxWorkers: 4,
    testTimeout: 15_000,
  },
});
