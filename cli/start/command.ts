import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { defined } from '../../lambda/platform/defined.ts';
import { declaredHosts } from '../../local/network/own-hosts.ts';
import { PORTS } from '../../local/network/ports.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { ROOT } from '../../local/template/work-directory.ts';
import { commandLine } from '../local-stack.ts';
import type { ExitCode } from '../usage.ts';
import type { StartOptions } from './options.ts';

const LOGS = join(ROOT, '.local');

/**
 * Starts the local stack. After SIGINT or SIGTERM, closes the stack, and ends the process with exit code 0. Rejects with a readable
 * error if the stack cannot start.
 */
export async function startCommand(options: StartOptions): Promise<ExitCode> {
  const { port, timeScale, logs } = options;
  const started = performance.now();
  const ending = new AbortController();
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        // A second Ctrl-C ends the process immediately.
        if (ending.signal.aborted) process.exit(130);
        ending.abort();
        resolve();
      });
  });
  try {
    await mkdir(LOGS, { recursive: true });
    const stack = await startStack({
      port,
      timeScale,
      hosts: declaredHosts(process.env['MAILOVER_HOSTS']),
      logFile: logFileOf(port),
      signal: ending.signal,
      onProgress,
      onOverload: reportOverload,
      ...defined({ onOutput: logs ? (text: string) => process.stdout.write(text) : undefined }),
    });
    clearProgress();
    if (!ending.signal.aborted) console.log(summary(stack, options, (performance.now() - started) / 1000));
    await ended;
    await stack.close();
  } catch (error) {
    clearProgress();
    if (!ending.signal.aborted) throw new Error(problemOf(error, port), { cause: error });
  }
  // Without this call Node might not end, since a process of a function may still keep a handle open.
  return process.exit(0);
}

/** Returns the log file of a stack. Its name contains the port, since two stacks from the same checkout have different ports. */
function logFileOf(port: number): string {
  return join(LOGS, `functions-${port}.log`);
}

function summary({ url, info }: Stack, { port, logs }: StartOptions, seconds: number): string {
  const { queues, endpoints, providers } = info;
  const lines = [
    `Mailover is ready after ${seconds.toFixed(1)} s. Ctrl-C ends it.`,
    '',
    `Open ${url}`,
    'Break a provider there, send a hundred mails, and see which provider accepts them.',
    '',
    `  SQS and S3      ${endpoints.aws}`,
    ...(endpoints.http ? [`  HTTP API        ${endpoints.http}`] : []),
    ...(endpoints.dynamodb ? [`  DynamoDB        ${endpoints.dynamodb}`] : []),
    `  outbound queue  ${queues.outbound}`,
    ...providers.map(({ key, url: address }) => `  ${key.padEnd(15)} ${address}`),
    `  function logs   ${logs ? 'here' : `${logFileOf(port)} (or: npm start -- --logs)`}`,
    '',
    `Send a mail:  ${commandLine('npm run send -- --to ada@example.org', String(port))}`,
    `Break one:    curl -X PUT ${url}/api/providers/${providers[0]?.key}/fault -d '{"respond":{"status":500}}'`,
  ];
  return lines.join('\n');
}

function reportOverload(overloaded: boolean): void {
  console.log(
    overloaded
      ? 'This machine is overloaded: alarms may be raised wrongly, and alarms that depend on time are not raised.'
      : 'This machine is no longer overloaded: alarms are raised as usual.',
  );
}

function onProgress(step: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${step} …`);
  else console.log(`${step} …`);
}

function clearProgress(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
}

function problemOf(error: unknown, port: number): string {
  const { code, port: taken, path, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EROFS' || code === 'EACCES')
    return `${path ?? LOGS} cannot be written (${code}): logs and the synthesised template go into ${LOGS}; copy the checkout to a directory that you may write to`;
  if (code !== 'EADDRINUSE') return message;
  const last = port + PORTS.simulators + 9;
  return `port ${taken} on 127.0.0.1 is taken; MAILOVER_PORT moves all ports (from ${port} it uses ${port} to about ${last}): ${commandLine('npm start', String(port + 100))}`;
}
