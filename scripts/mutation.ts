import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Part {
  readonly mutate: readonly string[];
  /**
   * The tests that have to detect the mutants (deliberate changes of the code). There are only few tests, since Stryker runs all
   * tests that reach the changed code for every mutant.
   */
  readonly tests: readonly string[];
}

/** The part for one provider type: its table of known answers, and the code that classifies answers by this table. */
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

/** The parts of the code in which a mistake could lose mail or send it twice. */
const PARTS: Readonly<Record<string, Part>> = {
  // All provider types that have a table of known answers, so that a new provider type is not forgotten.
  ...Object.fromEntries(TYPES.map((type) => [type, classify(type)])),
  fact: part('providers', ['fact']),
  apart: part('providers', ['split-recipients']),
  route: part('routing', ['route', 'policy', 'warm-up']),
  supersedes: part('submission', ['supersedes']),
  settle: part('submission', ['settle', 'backoff'], ['settle']),
  answers: part('sender', ['answer-texts']),
  progress: part('submission', ['log', 'progress', 'replay'], ['log', 'progress']),
  ledger: part('submission', ['record', 'ledger', 'lineage']),
  limiter: part('circuit', ['limiter', 'rate', 'rate-share', 'rate-item'], ['limiter', 'rate']),
  circuit: part('circuit', ['circuit', 'window', 'hold', 'provider-health', 'items'], ['circuit', 'edges', 'items']),
};

/** Lowest allowed mutation score of each part, in percent. */
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
