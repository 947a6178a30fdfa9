import { defineConfig } from 'vitest/config';

// Whole local stacks, driven over their public interfaces: one at a time, since each has a dozen processes.
export default defineConfig({
  test: {
    include: ['test/flow/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
