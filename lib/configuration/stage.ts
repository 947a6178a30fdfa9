import { Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { LOCAL_STACK, type Stage } from '../../lambda/contract/deployment.ts';
import { parseMailbox } from '../../lambda/mail/address.ts';
import { ConfigurationError } from './configuration-error.ts';

/** Whether a deployment delivers mail, and to which addresses. */
export interface StageProps {
  /**
   * Stage of the deployment: whether mail is delivered, and to which addresses. `sandbox`: no mail is delivered; the test mode of
   * each provider is used. `redirect`: all mail goes to `redirectTo`, with the original recipients in the header
   * `X-Mailover-Redirected-From`. `live`: mail goes to its recipients. `npm start` always behaves like `live`, with simulated
   * providers.
   * @default 'sandbox'
   */
  readonly stage?: 'sandbox' | 'redirect' | 'live';
  /**
   * Address that gets all mail in the stage `redirect`.
   * @default - none
   */
  readonly redirectTo?: string;
  /**
   * Id of the AWS account in which the stage `live` is allowed. In the stage `live`, a stack for another account is refused. A
   * stack without an account is refused too.
   * @default - none: the stage cannot be `live`
   */
  readonly account?: string;
}

/** Returns the stage of a deployment; it is `local` for a local stack. */
export function stageOf(scope: Construct, { stage = 'sandbox' }: StageProps): Stage {
  return scope.node.tryGetContext(LOCAL_STACK) ? 'local' : stage;
}

/**
 * Returns a text which says that mail does not reach its recipients in this stage; undefined for a stage in which mail reaches
 * its recipients.
 */
export function notDelivered(stage: Stage): string | undefined {
  if (stage === 'sandbox') return 'Sandbox: no mail is delivered, each provider only tests the request';
  if (stage === 'redirect') return 'Redirect: no mail reaches its recipients, all mail goes to one address';
  return undefined;
}

/**
 * @throws ConfigurationError if `redirectTo` is missing or wrong in the stage `redirect`, or if `account` is missing or is not
 * the account of the stack in the stage `live`
 */
export function checkStage(scope: Construct, props: StageProps): void {
  const problems = problemsOf(stageOf(scope, props), props, Stack.of(scope).account);
  if (problems.length > 0) throw new ConfigurationError(problems);
}

function problemsOf(stage: Stage, { redirectTo, account }: StageProps, stackAccount: string): string[] {
  if (stage === 'redirect') {
    if (redirectTo === undefined)
      return ['redirectTo: is missing; the stage `redirect` needs the address to which all mail goes'];
    return 'problem' in parseMailbox(redirectTo) ? ['redirectTo: must be one address, without a name'] : [];
  }
  if (stage !== 'live') return [];
  if (account === undefined)
    return ['account: is missing; the stage `live` needs the id of the AWS account that may deliver mail'];
  if (Token.isUnresolved(stackAccount)) return ['stage: `live` needs a stack with an account: give its `env`'];
  return account === stackAccount
    ? []
    : [`account: only the AWS account ${account} may deliver mail, and the stack is for ${stackAccount}`];
}
