import { globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const SLOW = ['matrix', 'chaos', 'flow', 'soak', 'kill', 'browser', 'mta', 'languages', 'deploy'] as const;

/** Tests that compute for minutes, or that start whole local stacks or a real mail server: one file at a time. */
const slow = (name: (typeof SLOW)[number], testTimeout: number, hookTimeout: number) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], fileParallelism: false, testTimeout, hookTimeout },
});

/** Tests that replace modules, variables or timers for their whole process. */
const REPLACES =
  /\bvi\.(mock|doMock|resetModules|stubEnv|stubGlobal|useFakeTimers|spyOn)\(|assign\(process\.env|\bprocess\.env(\[[^\]]+\]|\.\w+)? = /;
const alone = globSync('test/**/*.test.ts', { exclude: SLOW.map((name) => `test/${name}/**`) }).filter((file) =>
  REPLACES.test(readFileSync(file, 'utf8')),
);

const unit = (name: string, isolate: boolean, include: string[], exclude: string[]) => ({
  extends: true as const,
  test: { name, include, exclude, isolate, testTimeout: 15_000 },
});

const deploy = slow('deploy', 300_000, 600_000);

const projects = [
  // The others share processes: to load the same modules for each file took a third of the time.
  unit('unit', false, ['test/**/*.test.ts'], [...SLOW.map((name) => `test/${name}/**`), ...alone]),
  unit('unit-alone', true, alone, []),
  // Every alarm against every fault, with the sender's code on a clock of its own; it computes for minutes.
  slow('matrix', 60_000, 60_000),
  // The simulation in a small form; it computes for minutes.
  slow('chaos', 900_000, 60_000),
  // Local stacks, driven over their public interfaces.
  slow('flow', 60_000, 60_000),
  // Local stacks whose tests last for minutes; not part of the flow suite.
  slow('soak', 60_000, 60_000),
  // Processes that are killed.
  slow('kill', 120_000, 60_000),
  // A real browser.
  slow('browser', 120_000, 120_000),
  // A real mail server, from a package of the system.
  slow('mta', 120_000, 90_000),
  // Examples in other languages, which install their packages first.
  slow('languages', 400_000, 60_000),
  // Deployments to accounts on this machine, one for each file, side by side.
  { ...deploy, test: { ...deploy.test, fileParallelism: true, globalSetup: 'test/deploy/python.ts' } },
];

/** Stryker runs every project with the tests that reach a mutant: few and fast ones, chosen by scripts/mutation.ts. */
const mutation = (include: string[]) => ({
  extends: true as const,
  test: { name: 'mutation', include, pool: 'threads' as const, testTimeout: 30_000 },
});

const mutationTests = process.env['MUTATION_TESTS']?.split(',');

export default defineConfig({
  test: {
    pool: 'forks',
    // Most of the time is spent waiting for deadlines, not computing: more processes than cores are right.
    maxWorkers: 4,
    projects: mutationTests ? [mutation(mutationTests)] : projects,
  },
});
