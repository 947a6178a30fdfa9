import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pickBasePort } from '../../local/network/ports.ts';
import { type RunningStack, startLocalStack } from '../support/local-stack.ts';

// This test runs every command of README on one local stack, in the order of README. Time runs faster in the stack, so that an
// open circuit closes while a command still runs.
const TIME_SCALE = 10;

/** Patterns of the commands that this test does not run, each with the reason. */
const ELSEWHERE: readonly (readonly [command: RegExp, reason: string])[] = [
  [/^npm ci( && npm start)?$/, 'installed already; the stack is started as npm start does'],
  [/^(\$EDITOR|aws secretsmanager|npx cdk|npm run deploy)\b/, 'needs an AWS account'],
  [/…/, 'leaves something to fill in'],
];

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const commands = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) =>
  block
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith("'")),
);
/** Commands that end with the exit code 1 according to the README. */
const ENDING_WITH_1 = new Set(
  [...readme.matchAll(/^(npm run .*?)\s+#.*\(exit code 1\)$/gm)].map(([, command = '']) => command),
);
const local = commands.filter((command) => !ELSEWHERE.some(([pattern]) => pattern.test(command)));
const variables = local.filter((command) => command.startsWith('export '));
const hasAws = spawnSync('aws', ['--version']).status === 0;

let port = 0;
let stack: RunningStack;

beforeAll(async () => {
  port = await pickBasePort();
  stack = await startLocalStack(port, TIME_SCALE);
});
afterAll(() => stack?.stop());

it('`npm start` in README starts the local stack', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(scripts['start']).toBe('node cli/start.ts');
});

it('README has the demo, the commands of an operator, and received mail', () => {
  const names = local.map((command) => /^(curl|export|aws sqs [a-z-]+|npm run [a-z]+)/.exec(command)?.[1]);
  expect(new Set(names)).toEqual(
    new Set([
      'npm run send',
      'curl',
      'aws sqs send-message',
      'export',
      'npm run isolate',
      'npm run release',
      'aws sqs receive-message',
      'npm run receive',
      'npm run suppression',
    ]),
  );
});

it.each(local)('%s', { timeout: 90_000 }, async (command) => {
  // Without the AWS CLI on this machine, the commands that need it are skipped.
  if (command.startsWith('aws ') && !hasAws) return;
  const env = { ...process.env, MAILOVER_PORT: String(port) };
  // Version 1 of the AWS CLI does not read the endpoint from an environment variable.
  const script = [...variables, command.replace(/^aws /, 'aws --endpoint-url http://127.0.0.1:4701 ')].join('\n');
  const here = script.replaceAll('4700', String(port)).replaceAll('4701', String(port + 1));
  const ran = promisify(execFile)('sh', ['-c', here], { env });
  if (ENDING_WITH_1.has(command)) await expect(ran).rejects.toMatchObject({ code: 1 });
  else await expect(ran).resolves.toBeDefined();
});
