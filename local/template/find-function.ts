import { type SenderEnvironment, senderEnvironment } from '../../lambda/contract/environment.ts';
import type { EnvironmentCodec } from '../../lambda/contract/environment-codec.ts';
import type { DeployedFunction, Deployment } from './deployed.ts';

/** A function of a deployment with its environment read. */
export interface FoundFunction<Values> {
  readonly function: DeployedFunction;
  readonly environment: Values;
}

/** Finds a function by its environment, the contract that it shares with the infrastructure. */
export function findFunction<Values>(
  { functions }: Pick<Deployment, 'functions'>,
  codec: EnvironmentCodec<Values>,
): FoundFunction<Values> | undefined {
  const found = functions.find(({ environment }) => codec.matches(environment));
  return found && { function: found, environment: codec.decode(found.environment) };
}

/** The sender of a deployment; fails if there is none. */
export function senderOf(deployment: Pick<Deployment, 'functions'>): FoundFunction<SenderEnvironment> {
  const sender = findFunction(deployment, senderEnvironment);
  if (sender === undefined) throw new Error('the assembly has no function with the environment of the sender');
  return sender;
}
