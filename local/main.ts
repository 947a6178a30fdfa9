import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MOST_SCALE } from './clock.ts';
import { declaredHosts } from './http-api/own-hosts.ts';
import { PORTS } from './ports.ts';
import { type Stack, startStack } from './stack.ts';
import { ROOT } from './template/work-directory.ts';

const started = performance.now();
const ending = new AbortController();
let stack: Stack | undefined;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A second Ctrl-C ends at once.
    if (ending.signal.aborted) process.exit(130);
    ending.abort();
    if (stack) void stack.close().then(() => process.exit(0));
  });
}

const port = number('MAILOVER_PORT', 4700, (value) => Number.isInteger(value) && value >= 1 && value <= 65_000);
const timeScale = number('MAILOVER_TIME_SCALE', 1, (value) => value > 0 && value <= MOST_SCALE);
const showLogs = process.argv.includes('--logs');
const logFile = join(ROOT, '.local', 'functions.log');

try {
  await mkdir(join(ROOT, '.local'), { recursive: true });
  stack = await startStack({
    port,
    timeScale,
    hosts: declaredHosts(process.env['MAILOVER_HOSTS']),
    logFile,
    signal: ending.signal,
    onProgress,
    onOverload: reportOverload,
    ...(showLogs && { onOutput: (text: string) => process.stdout.write(text) }),
  });
  if (ending.signal.aborted) {
    await stack.close();
    process.exit(0);
  }
  clearProgress();
  console.log(summary(stack));
} catch (error) {
  clearProgress();
  if (ending.signal.aborted) process.exit(0);
  console.error(explain(error));
  process.exit(1);
}

function summary({ url, info }: Stack): string {
  const { queues, endpoints, providers } = info;
  const lines = [
    `Mailover is ready after ${((performance.now() - started) / 1000).toFixed(1)} s. Ctrl-C ends it.`,
    '',
    `Open ${url}`,
    'Break a provider there, send a hundred mails, and see which provider accepts them.',
    '',
    `  SQS and S3      ${endpoints.aws}`,
    ...(endpoints.http ? [`  HTTP API        ${endpoints.http}`] : []),
    ...(endpoints.dynamodb ? [`  DynamoDB        ${endpoints.dynamodb}`] : []),
    `  outbound queue  ${queues.outbound}`,
    ...providers.map(({ key, url: address }) => `  ${key.padEnd(15)} ${address}`),
    `  function logs   ${showLogs ? 'here' : `${logFile} (or: npm start -- --logs)`}`,
    '',
    'Send a mail:  npm run send -- --to ada@example.org',
    `Break one:    curl -X PUT ${url}/api/providers/${providers[0]?.key}/fault -d '{"respond":{"status":500}}'`,
  ];
  return lines.join('\n');
}

function reportOverload(overloaded: boolean): void {
  if (!stack) return;
  console.log(
    overloaded
      ? 'This machine is overloaded: alarms may be false, and those that depend on time are not raised.'
      : 'This machine keeps up again: alarms are raised as usual.',
  );
}

function onProgress(step: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${step} …`);
  else console.log(`${step} …`);
}

function clearProgress(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
}

function explain(error: unknown): string {
  const { code, port: taken, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code !== 'EADDRINUSE') return message;
  const last = PORTS.simulators;
  return `Port ${taken} on 127.0.0.1 is taken. Set MAILOVER_PORT to move all ports (base ${port} uses ${port} to about ${port + last + 9}): MAILOVER_PORT=${port + 100} npm start`;
}

function number(name: string, otherwise: number, valid: (value: number) => boolean): number {
  const text = process.env[name];
  if (!text) return otherwise;
  const value = Number(text);
  if (valid(value)) return value;
  console.error(`${name} is ${JSON.stringify(text)}, which is not a number in its range.`);
  process.exit(1);
}
