/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  testRunner: 'vitest',
  // TypeScript 7 has no JavaScript interface, and Stryker would rewrite paths in the file with it: Node needs no such file.
  tsconfigFile: 'none',
  vitest: { configFile: 'vitest.mutation.config.ts', related: true },
  mutate: ['lambda/providers/postmark/classify.ts'],
  concurrency: 1,
  coverageAnalysis: 'perTest',
  reporters: ['clear-text', 'json'],
  tempDirName: '/tmp/stryker-route',
};
