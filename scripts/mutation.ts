import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Part {
  readonly mutate: readonly string[];
  /** The tests that have to find the mutants; few, since each mutant runs all tests that reach it. */
  readonly tests: readonly string[];
}

/** The tables of a provider type and the code that reads them. */
const classify = (type: string): Part => ({
  mutate: [`lambda/providers/${type}/classify.ts`, `lambda/providers/${type}/facts.ts`],
  tests: [`test/lambda/providers/${type}/classify.test.ts`, 'test/lambda/providers/replies.test.ts'],
});
const part = (folder: string, names: readonly string[], tests: readonly string[] = names): Part => ({
  mutate: names.map((name) => `lambda/${folder}/${name}.ts`),
  tests: tests.map((name) => `test/lambda/${folder}/${name}.test.ts`),
});

const PROVIDERS = 'lambda/providers';
const TYPES = readdirSync(PROVIDERS).filter((type) => existsSync(join(PROVIDERS, type, 'facts.ts')));

/** The parts of the code whose mistakes lose or repeat mail. */
const PARTS: Readonly<Record<string, Part>> = {
  // Every type with a table, so that a new one is not forgotten.
  ...Object.fromEntries(TYPES.map((type) => [type, classify(type)])),
  fact: part('providers', ['fact']),
  apart: part('providers', ['take-apart']),
  route: part('routing', ['route', 'policy', 'warm-up']),
  supersedes: part('submission', ['supersedes']),
  settle: part('submission', ['settle', 'backoff'], ['settle']),
  words: part('sender', ['last-words']),
  progress: part('submission', ['log', 'progress', 'replay'], ['log', 'progress']),
  ledger: part('submission', ['record', 'ledger', 'lineage']),
  limiter: part('circuit', ['limiter', 'rate', 'rate-item'], ['limiter', 'rate']),
  circuit: part('circuit', ['circuit', 'window', 'hold', 'provider-health', 'items'], ['circuit', 'edges', 'items']),
};

/** Least score of each part, in percent. */
const LEAST = 90;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`test:mutation: there is no part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
for (const [name, { mutate, tests }] of Object.entries(PARTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const missing = [...mutate, ...tests].filter((file) => !existsSync(file));
  if (missing.length > 0) throw new Error(`part ${name} names files that do not exist: ${missing.join(', ')}`);
  const report = join('reports', `mutation-${name}.json`);
  const child = spawnSync('stryker', ['run', '--mutate', mutate.join(',')], {
    env: { ...process.env, MUTATION_TESTS: tests.join(','), MUTATION_REPORT: report },
    stdio: 'inherit',
  });
  if (child.status !== 0) process.exitCode = 1;
  else console.log(summary(name, report));
}

function summary(name: string, report: string): string {
  const { files } = JSON.parse(readFileSync(report, 'utf8')) as {
    files: Record<string, { mutants: { status: string }[] }>;
  };
  const all = Object.values(files).flatMap(({ mutants }) => mutants.map(({ status }) => status));
  const count = (...wanted: string[]) => all.filter((status) => wanted.includes(status)).length;
  const killed = count('Killed', 'Timeout');
  const total = killed + count('Survived', 'NoCoverage');
  const score = (100 * killed) / total;
  if (score < LEAST) process.exitCode = 1;
  return `${name}: ${killed} of ${total} mutants killed, ${score.toFixed(1)} %${score < LEAST ? `, below ${LEAST} %` : ''}`;
}
