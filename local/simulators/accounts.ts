import { deploymentEnvironment, secretNameOf } from '../../lambda/contract/deployment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { reconcilerEnvironment } from '../../lambda/contract/reconciler-environment.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { Deployment } from '../template/deployed.ts';
import { findFunction, senderOf } from '../template/find-function.ts';
import { simulatedType } from './registry.ts';

/** An account at a provider that needs a simulator. */
export interface SimulatedAccount {
  readonly config: ProviderConfig;
  /** Name of its secret; absent if no function of the deployment reads one. */
  readonly secretName?: string;
}

/** The accounts of a deployment: those that send, in the order of the list, and then those that only receive. */
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
