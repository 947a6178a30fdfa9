// This file runs in a child process. It imports the handler of one function, and answers invocations until the parent process
// disconnects.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ChildReport, Invocation } from './protocol.ts';

const FUNCTION = process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? '';
const [file = '', exported = ''] = (process.env['_HANDLER'] ?? '').split(/\.(?=[^.]*$)/);
const base = join(process.env['LAMBDA_TASK_ROOT'] ?? '', file);

process.once('disconnect', () => process.exit(0));
// Ctrl-C in the terminal sends SIGINT to the whole process group. This process ignores SIGINT, since only its parent process
// decides when it ends.
process.on('SIGINT', () => {});

const report = (message: ChildReport): void => {
  process.send?.(message);
};

const path = ['.mjs', '.js', '.cjs'].map((extension) => base + extension).find((candidate) => existsSync(candidate));
if (path === undefined) throw new Error(`no module of handler ${process.env['_HANDLER']} in the asset`);
const loaded = await import(pathToFileURL(path).href);
const handler: unknown = loaded[exported] ?? loaded.default?.[exported];
if (typeof handler !== 'function') throw new Error(`the handler module of ${FUNCTION} does not export ${exported}`);

process.on('message', (invocation: Invocation) => {
  process.env['_X_AMZN_TRACE_ID'] = invocation.trace;
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionName: FUNCTION,
    functionVersion: '$LATEST',
    invokedFunctionArn: process.env['MAILOVER_LOCAL_FUNCTION_ARN'] ?? '',
    memoryLimitInMB: process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'] ?? '',
    awsRequestId: invocation.id,
    logGroupName: process.env['AWS_LAMBDA_LOG_GROUP_NAME'] ?? '',
    logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'] ?? '',
    getRemainingTimeInMillis: () => Math.max(0, invocation.endsAt - Date.now()),
  };
  Promise.resolve()
    .then(() => handler(invocation.event, context))
    .then(
      (answer: unknown) => report({ kind: 'answered', id: invocation.id, answer }),
      (error: unknown) =>
        report({ kind: 'failed', id: invocation.id, name: error instanceof Error ? error.name : 'Error' }),
    );
});
report({ kind: 'ready' });
