import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pickBasePort } from '../../local/ports.ts';
import { type RunningStack, startLocalStack } from '../support/local-stack.ts';

// Every command of README, in its order, on one local stack. Time runs faster, so that a circuit closes while a command
// is followed.
const TIME_SCALE = 10;

/** Commands that this test cannot run, and the reason. */
const ELSEWHERE: readonly (readonly [command: RegExp, reason: string])[] = [
  [/^npm ci( && npm start)?$/, 'installed already; the stack is started as npm start does'],
  [/^(\$EDITOR|aws|npx cdk|npm run deploy)\b/, 'needs an AWS account'],
];

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const commands = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) =>
  block
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith("'")),
);
const local = commands.filter((command) => !ELSEWHERE.some(([pattern]) => pattern.test(command)));

let port = 0;
let stack: RunningStack;

beforeAll(async () => {
  port = await pickBasePort();
  stack = await startLocalStack(port, TIME_SCALE);
});
afterAll(() => stack?.stop());

it('starts the stack with the command that README names', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(scripts['start']).toBe('node cli/start.ts');
});

it('has the demo, the commands of an operator, and received mail', () => {
  const names = new Set(local.map((command) => /^(curl|npm run [a-z]+)/.exec(command)?.[1]));
  expect(names).toEqual(new Set(['npm run send', 'curl', 'npm run isolate', 'npm run release', 'npm run receive']));
});

it.each(local)('%s', { timeout: 90_000 }, async (command) => {
  const env = { ...process.env, MAILOVER_PORT: String(port) };
  const ran = promisify(execFile)('sh', ['-c', command.replaceAll('4700', String(port))], { env });
  await expect(ran).resolves.toBeDefined();
});
