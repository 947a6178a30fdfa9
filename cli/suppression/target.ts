import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { SuppressionAnswer, SuppressionCommand } from '../../lambda/contract/suppression-command.ts';
import { defined } from '../../lambda/platform/defined.ts';
import { describeLocalStack, localStackUrl } from '../local-stack.ts';
import type { SuppressionOptions } from './options.ts';

/** Sends a command to the function that keeps the suppression list, and returns its answer. */
export type AskSuppression = (command: SuppressionCommand) => Promise<SuppressionAnswer>;

/** Longest wait for the answer: 15 minutes, which is the time-out of the function, and one minute for its start. */
const REQUEST_TIMEOUT_MS = 16 * 60_000;

/** Finds the function that the options name. If they name none, finds the function of the running local stack. */
export async function findSuppression(
  { functionName, region }: SuppressionOptions,
  port: string | undefined,
): Promise<AskSuppression> {
  if (functionName !== undefined) return deployedFunction(functionName, region);
  const base = localStackUrl(port);
  await describeLocalStack(base, '--function NAME');
  return async (command) => {
    const answer = await fetch(`${base}/api/suppressions`, { method: 'POST', body: JSON.stringify(command) });
    if (answer.ok) return (await answer.json()) as SuppressionAnswer;
    const { error } = (await answer.json()) as { error?: string };
    throw new Error(error ?? `the local stack answers ${answer.status}`);
  };
}

/**
 * Returns a client that sends each command to the deployed Lambda function once, without retries, with the credentials that the
 * AWS SDK finds for the user.
 */
function deployedFunction(FunctionName: string, region: string | undefined): AskSuppression {
  const requestHandler = { requestTimeout: REQUEST_TIMEOUT_MS };
  const lambda = new LambdaClient({ ...defined({ region }), maxAttempts: 1, requestHandler });
  return async (command) => {
    const { Payload, FunctionError } = await lambda.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify(command) }),
    );
    if (FunctionError !== undefined) throw new Error(`the function ${FunctionName} failed; its log has the reason`);
    return JSON.parse(Payload?.transformToString() ?? '') as SuppressionAnswer;
  };
}
