import { deploymentEnvironment, secretNameOf } from '../../lambda/contract/deployment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { reconcilerEnvironment } from '../../lambda/contract/reconciler-environment.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { Deployment } from '../template/deployed.ts';
import { findFunction, senderOf } from '../template/find-function.ts';
import { simulatedType } from './registry.ts';

/** An account at a provider. The local stack starts one simulator for each account. */
export interface SimulatedAccount {
  readonly config: ProviderConfig;
  /**
   * Name of the secret with the account's credentials; absent if no function of the deployment reads a secret of this account.
   */
  readonly secretName?: string;
}

/**
 * Returns the accounts of a deployment: first the accounts that send mail, in the order of the provider list, then the accounts
 * that only receive mail.
 */
export function accountsOf(deployment: Deployment): SimulatedAccount[] {
  const sender = senderOf(deployment);
  const { name } = deploymentEnvironment.decode(sender.function.environment);
  const sending = sender.environment.providers.map((config) => ({ config, secretName: secretNameOf(config, name) }));
  const reconciled = findFunction(deployment, reconcilerEnvironment)?.environment.providers ?? [];
  const receiving = reconciled
    .filter(({ key }) => !sending.some(({ config }) => config.key === key))
    .map(({ key, type, missed, apiSecretName }): SimulatedAccount => {
      const options = simulatedType(type).posting?.accountOptions(missed) ?? {};
      return { config: { key, type, options }, ...defined({ secretName: apiSecretName }) };
    });
  return [...sending, ...receiving];
}
