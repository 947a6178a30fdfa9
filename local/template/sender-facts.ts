import { decodeSenderEnvironment, type SenderEnvironment } from '../../lambda/contract/environment.ts';
import type { DeployedFunction, Deployment } from './deployment.ts';

/** What the local stack reads from the sender of a deployment. */
export interface SenderFacts {
  readonly function: DeployedFunction;
  readonly environment: SenderEnvironment;
}

/** Finds the sender by its environment, the contract that it shares with the infrastructure. */
export function senderFacts({ functions }: Deployment): SenderFacts {
  const sender = functions.find(
    ({ environment }) => 'MAILOVER_PROVIDERS' in environment && 'MAILOVER_QUEUES' in environment,
  );
  if (sender === undefined) throw new Error('the assembly has no function with the environment of the sender');
  return { function: sender, environment: decodeSenderEnvironment(sender.environment) };
}
