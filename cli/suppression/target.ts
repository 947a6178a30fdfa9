import aws4 from 'aws4';
import type { SuppressionAnswer, SuppressionCommand } from '../../lambda/contract/suppression-command.ts';
import { accessOfUser } from '../aws-access.ts';
import { describeLocalStack, localStackUrl } from '../local-stack.ts';
import type { SuppressionOptions } from './options.ts';

/** Has a command carried out. */
export type AskSuppression = (command: SuppressionCommand) => Promise<SuppressionAnswer>;

/** Longest run of the function, with a minute for its start. */
const PATIENCE_MS = 16 * 60_000;

/** Finds the function that the options name, or that of the running local stack. */
export async function findSuppression(
  { functionName, region }: SuppressionOptions,
  port: string | undefined,
): Promise<AskSuppression> {
  if (functionName !== undefined) return await deployedFunction(functionName, region);
  const base = localStackUrl(port);
  await describeLocalStack(base, '--function NAME');
  return async (command) => {
    const answer = await fetch(`${base}/api/suppressions`, { method: 'POST', body: JSON.stringify(command) });
    if (answer.ok) return (await answer.json()) as SuppressionAnswer;
    const { error } = (await answer.json()) as { error?: string };
    throw new Error(error ?? `the local stack answers ${answer.status}`);
  };
}

/** Invokes a function over the API of Lambda (Invoke, API reference, 2026-11-29), with the credentials of the user. */
async function deployedFunction(name: string, given: string | undefined): Promise<AskSuppression> {
  const { region = '', credentials } = await accessOfUser(given);
  const host = `lambda.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;
  const path = `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`;
  return async (command) => {
    const body = JSON.stringify(command);
    const identity = typeof credentials === 'function' ? await credentials() : credentials;
    const { headers } = aws4.sign({ service: 'lambda', region, host, method: 'POST', path, body }, identity);
    const answer = await fetch(`https://${host}${path}`, {
      method: 'POST',
      headers: headers as Record<string, string>,
      body,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const result = (await answer.json()) as SuppressionAnswer & { Message?: string; message?: string };
    if (!answer.ok) throw new Error(`Lambda answers ${answer.status}: ${result.Message ?? result.message ?? ''}`);
    if (answer.headers.has('x-amz-function-error'))
      throw new Error(`the function ${name} failed; its log has the reason`);
    return result;
  };
}
