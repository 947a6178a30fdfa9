import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** Imports that the linter must refuse, one for each boundary between folders. */
const REFUSED = [
  ['lambda/sender/a.ts', '../../lib/configuration/timing.ts'],
  ['lambda/sender/b.ts', '../../cli/usage.ts'],
  ['lambda/sender/c.ts', 'aws-cdk-lib/core'],
  ['lambda/contract/a.ts', '../../lib/configuration/timing.ts'],
  ['lambda/contract/b.ts', '../../local/network/ports.ts'],
  ['lambda/contract/c.ts', '@aws-sdk/client-sqs'],
  ['lambda/contract/d.ts', 'constructs'],
  ['lambda/contract/e.ts', '@smithy/node-http-handler'],
  ['lambda/contract/f.ts', 'form-data'],
  ['lambda/routing/a.ts', '../../consumer/answers.ts'],
  ['lambda/mail/a.ts', '../../bin/mailover.ts'],
  ['lambda/mail/b.ts', '../../chaos/run.ts'],
  ['lambda/mail/c.ts', '../../test/support/sha256.ts'],
  ['lambda/mail/d.ts', 'aws4'],
  ['lambda/mail/e.ts', 'nodemailer/lib/smtp-connection'],
  ['lib/functions/a.ts', '../../local/network/ports.ts'],
  ['lib/functions/b.ts', '../../bin/mailover.ts'],
  ['lib/functions/c.ts', '../../consumer/answers.ts'],
  ['bin/a.ts', '../local/network/ports.ts'],
  ['local/api/a.ts', '../../cli/send/target.ts'],
  ['local/api/b.ts', '../../bin/mailover.ts'],
  ['local/api/c.ts', '../../consumer/answers.ts'],
  ['cli/send/a.ts', '../../test/support/sha256.ts'],
  ['cli/send/b.ts', '../../bin/mailover.ts'],
  ['cli/send/c.ts', '../../consumer/answers.ts'],
  ['scripts/a.ts', '../bin/mailover.ts'],
  ['scripts/b.ts', '../consumer/answers.ts'],
  ['consumer/a.ts', '../lib/configuration/timing.ts'],
  ['chaos/world/a.ts', '../../test/support/sha256.ts'],
  ['bench/a.ts', '../test/support/sha256.ts'],
  ['local/aws/a.ts', '../../node_modules/fauxqs/dist/sqs/sqsStore.js'],
  ['test/local/a.ts', '../../node_modules/fauxqs/dist/sqs/sqsStore.js'],
] as const;

const ALLOWED = [
  ['lambda/sender/y.ts', '../contract/providers.ts'],
  ['lambda/mail/y.ts', 'nodemailer/lib/mime-node/index.js'],
  ['lib/functions/y.ts', '../../lambda/contract/providers.ts'],
  ['local/api/y.ts', '../../lib/stack.ts'],
  ['cli/send/y.ts', '../../local/api/enqueue.ts'],
  ['bin/y.ts', '../lib/stack.ts'],
  ['consumer/y.ts', '../lambda/gate/answer.ts'],
  ['test/cli/y.ts', '../../cli/send/target.ts'],
] as const;

const planted = mkdtempSync(join(tmpdir(), 'mailover-walls-'));
afterAll(() => rmSync(planted, { recursive: true }));

function plant(file: string, content: string): void {
  mkdirSync(dirname(join(planted, file)), { recursive: true });
  writeFileSync(join(planted, file), content);
}

for (const [file, module] of [...REFUSED, ...ALLOWED]) plant(file, `export { x } from '${module}';\n`);
plant('lambda/circle/a.ts', "import type { B } from './b.ts';\nexport type A = B | 1;\n");
plant('lambda/circle/b.ts', "import type { A } from './a.ts';\nexport type B = A | 2;\n");
const configuration = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8')) as Record<string, unknown>;
plant('biome.json', JSON.stringify({ ...configuration, vcs: { enabled: false } }));
const { stdout } = spawnSync(
  join(ROOT, 'node_modules/.bin/biome'),
  ['lint', '--reporter=github', '--max-diagnostics=none', '.'],
  { cwd: planted, encoding: 'utf8' },
);
const findings = stdout.split('\n');

function rulesBroken(file: string): string[] {
  return findings.flatMap((line) => (line.includes(`/${file},`) ? (/title=([\w/]+)/.exec(line)?.[1] ?? []) : []));
}

it.each(REFUSED)('%s may not import %s', (file) => {
  expect(rulesBroken(file)).toContain('lint/style/noRestrictedImports');
});

it.each(ALLOWED)('%s may import %s', (file) => {
  expect(rulesBroken(file)).not.toContain('lint/style/noRestrictedImports');
});

it('two files that need only types of each other are a cycle', () => {
  expect(rulesBroken('lambda/circle/a.ts')).toContain('lint/suspicious/noImportCycles');
});
