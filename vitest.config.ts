import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/chaos/**', 'test/live/**'],
    pool: 'forks',
    testTimeout: 15_000,
  },
});
