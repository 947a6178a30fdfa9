import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Part {
  readonly mutate: readonly string[];
  /** The tests that have to fail; a narrow choice, since each mutant runs the tests that reach it. */
  readonly tests: readonly string[];
}

const classify = (type: string): Part => ({
  mutate: [`lambda/providers/${type}/classify.ts`, `lambda/providers/${type}/facts.ts`],
  tests: [`test/lambda/providers/${type}/classify.test.ts`, 'test/lambda/providers/replies.test.ts'],
});
const sender = (names: readonly string[], tests: readonly string[]): Part => ({
  mutate: names.map((name) => `lambda/sender/${name}.ts`),
  tests: tests.map((name) => `test/lambda/sender/${name}.test.ts`),
});

/** The code whose mistakes lose or repeat mail. */
const PARTS: Readonly<Record<string, Part>> = {
  ses: classify('ses'),
  mailgun: classify('mailgun'),
  postmark: classify('postmark'),
  smtp: classify('smtp'),
  apart: { mutate: ['lambda/providers/take-apart.ts'], tests: ['test/lambda/providers/take-apart.test.ts'] },
  route: sender(['route', 'policy', 'supersedes', 'warm-up'], ['route', 'policy', 'supersedes', 'warm-up']),
  settle: sender(['settle', 'backoff', 'last-words'], ['settle', 'last-words']),
  progress: sender(['progress', 'carried'], ['progress']),
  ledger: sender(['entry', 'ledger', 'lineage'], ['entry', 'ledger', 'lineage']),
  circuit: {
    mutate: ['circuit', 'window', 'hold', 'verdict', 'items'].map((name) => `lambda/circuit/${name}.ts`),
    tests: ['circuit', 'edges', 'items'].map((name) => `test/lambda/circuit/${name}.test.ts`),
  },
};

/** Of each part, in percent. */
const LEAST = 90;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`no part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
for (const [name, { mutate, tests }] of Object.entries(PARTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
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
