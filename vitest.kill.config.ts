import { defineConfig } from 'vitest/config';

// Real processes that are really killed: slower than the other tests, and never two stacks at a time.
export default defineConfig({
  test: {
    include: ['test/kill/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
