import { defineConfig } from 'vitest/config';

// Stryker runs every mutant with the tests that reach it: few and fast ones, chosen by scripts/mutation.ts.
export default defineConfig({
  test: {
    include: process.env['MUTATION_TESTS']?.split(',') ?? [],
    pool: 'threads',
    testTimeout: 30_000,
  },
});
