import { defineConfig } from 'vitest/config';

// A real browser on a real stack: one at a time, and with patience for a busy machine.
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
