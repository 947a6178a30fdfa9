import { defineConfig } from 'vitest/config';

// A real mail server: needs a package of the system, and is slow.
export default defineConfig({
  test: {
    include: ['test/mta/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 90_000,
  },
});
