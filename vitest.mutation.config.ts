import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{providers,sender,circuit}/**/*.test.ts'],
    pool: 'threads',
    testTimeout: 15_000,
  },
});
