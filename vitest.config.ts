import { globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const SLOW = ['matrix', 'chaos', 'flow', 'soak', 'kill', 'browser', 'mta', 'languages', 'deploy'] as const;

/**
 * A project of slow tests: they compute for minutes, or start whole local stacks or a real mail server. One test file runs at a
 * time.
 */
const slow = (name: (typeof SLOW)[number], testTimeout: number, hookTimeout: number) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], fileParallelism: false, testTimeout, hookTimeout },
});

/** Matches test files that replace modules, environment variables or timers for their whole process. */
const REPLACES =
  /\bvi\.(mock|doMock|resetModules|stubEnv|stubGlobal|useFakeTimers|spyOn)\(|assign\(process\.env|\bprocess\.env(\[[^\]]+\]|\.\w+)? = /;
const alone = globSync('test/**/*.test.ts', { exclude: SLOW.map((name) => `test/${name}/**`) }).filter((file) =>
  REPLACES.test(readFileSync(file, 'utf8')),
);

const unit = (name: string, isolate: boolean, include: string[], exclude: string[]) => ({
  extends: true as const,
  test: { name, include, exclude, isolate, testTimeout: 30_000, globalSetup: 'test/support/temporary-files.ts' },
});

const deploy = slow('deploy', 300_000, 600_000);

const projects = [
  // All other unit tests share processes: when each test file loaded the same modules again, this took a third of the time.
  unit('unit', false, ['test/**/*.test.ts'], [...SLOW.map((name) => `test/${name}/**`), ...alone]),
  unit('unit-alone', true, alone, []),
  // Tests of every alarm against every fault. They run the code of the sender on a simulated clock, and compute for minutes.
  slow('matrix', 60_000, 60_000),
  // A small version of the simulation (`npm run chaos`); it computes for minutes.
  slow('chaos', 900_000, 60_000),
  // Tests that start local stacks and use their public interfaces.
  slow('flow', 60_000, 60_000),
  // Tests with local stacks that last for minutes; therefore they are not a part of the suite `flow`.
  slow('soak', 60_000, 60_000),
  // Tests that kill processes.
  slow('kill', 120_000, 60_000),
  // Tests with a real browser.
  slow('browser', 120_000, 120_000),
  // Tests with a real mail server, from a package of the operating system.
  slow('mta', 120_000, 90_000),
  // Tests of the examples in other languages, which first install the packages of these languages.
  slow('languages', 400_000, 60_000),
  // Tests that deploy to simulated AWS accounts on this machine. Each test file has its own account, and the files run in
  // parallel.
  { ...deploy, test: { ...deploy.test, fileParallelism: true, globalSetup: 'test/deploy/python.ts' } },
];

/**
 * Stryker would run the tests of every project that reach a mutant. This project has only a few fast tests, which
 * scripts/mutation.ts chooses.
 */
const mutation = (include: string[]) => ({
  extends: true as const,
  test: { name: 'mutation', include, pool: 'threads' as const, testTimeout: 30_000 },
});

const mutationTests = process.env['MUTATION_TESTS']?.split(',');

export default defineConfig({
  test: {
    pool: 'forks',
    // The tests mostly wait for deadlines and compute little, so more processes than cores are useful.
    maxWorkers: 4,
    // A machine that is busy with other suites may need seconds for an operation that normally takes milliseconds.
    expect: { poll: { timeout: 10_000 } },
    projects: mutationTests ? [mutation(mutationTests)] : projects,
  },
});
