// `npm run test:mutation` (scripts/mutation.ts) runs this for one part after the other.
export default {
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.config.ts' },
  // TypeScript 7 has no JavaScript interface, with which Stryker would rewrite paths in this file; Node strips the types.
  tsconfigFile: 'none',
  coverageAnalysis: 'perTest',
  concurrency: 1,
  timeoutMS: 8_000,
  reporters: ['clear-text', 'json'],
  clearTextReporter: { logTests: false, reportTests: false, allowColor: false },
  jsonReporter: { fileName: process.env.MUTATION_REPORT ?? 'reports/mutation.json' },
  warnings: { slow: false },
};
