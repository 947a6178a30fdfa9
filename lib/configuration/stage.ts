import { Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { LOCAL_STACK, type Stage } from '../../lambda/contract/deployment.ts';
import { parseMailbox } from '../../lambda/mail/address.ts';
import { ConfigurationError } from './configuration-error.ts';

/** Whether a deployment delivers mail, and to which addresses. */
export interface StageProps {
  /**
   * Whether mail is delivered. `sandbox`: none is; each provider's test mode is used. `redirect`: all of it to `redirectTo`, with the original
   * recipients in the header `X-Mailover-Redirected-From`. `live`: to its recipients. `npm start` is always as `live`, with simulated providers.
   * @default 'sandbox'
   */
  readonly stage?: 'sandbox' | 'redirect' | 'live';
  /**
   * Address that gets all mail in the stage `redirect`.
   * @default - none
   */
  readonly redirectTo?: string;
  /**
   * The AWS account that the stage `live` is for: a stack for another account is refused, and so is a stack without an account.
   * @default - none, so that the stage cannot be `live`
   */
  readonly account?: string;
}

/** The stage of a deployment, and what its outputs and its dashboard say of it. */
export function stageOf(scope: Construct, { stage = 'sandbox' }: StageProps): Stage {
  return scope.node.tryGetContext(LOCAL_STACK) ? 'local' : stage;
}

/** A sentence about a stage in which mail does not reach its recipients; undefined for the others. */
export function notDelivered(stage: Stage): string | undefined {
  if (stage === 'sandbox') return 'Sandbox: no mail is delivered, each provider only tests it';
  if (stage === 'redirect') return 'Redirect: no mail reaches its recipients, all of it goes to one address';
  return undefined;
}

/** @throws ConfigurationError if mail could be delivered by accident */
export function checkStage(scope: Construct, props: StageProps): void {
  const problems = problemsOf(stageOf(scope, props), props, Stack.of(scope).account);
  if (problems.length > 0) throw new ConfigurationError(problems);
}

function problemsOf(stage: Stage, { redirectTo, account }: StageProps, stackAccount: string): string[] {
  if (stage === 'redirect') {
    if (redirectTo === undefined) return ['redirectTo: is missing; the stage `redirect` needs the address of all mail'];
    return 'problem' in parseMailbox(redirectTo) ? ['redirectTo: must be one address, without a name'] : [];
  }
  if (stage !== 'live') return [];
  if (account === undefined)
    return ['account: is missing; the stage `live` needs the id of the AWS account that may deliver mail'];
  if (Token.isUnresolved(stackAccount)) return ['stage: `live` needs a stack with an account: give its `env`'];
  return account === stackAccount
    ? []
    : [`account: mail is live in ${account} only, and the stack is for ${stackAccount}`];
}
