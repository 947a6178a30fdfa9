import { type SenderEnvironment, senderEnvironment } from '../../lambda/contract/environment.ts';
import type { EnvironmentCodec } from '../../lambda/contract/environment-codec.ts';
import type { DeployedFunction, Deployment } from './deployed.ts';

/** A Lambda function of a deployment, with its decoded environment variables. */
export interface FoundFunction<Values> {
  readonly function: DeployedFunction;
  readonly environment: Values;
}

/**
 * Returns the Lambda function whose environment variables match a schema of `lambda/contract`; undefined if there is no such
 * function.
 */
export function findFunction<Values>(
  { functions }: Pick<Deployment, 'functions'>,
  codec: EnvironmentCodec<Values>,
): FoundFunction<Values> | undefined {
  const found = functions.find(({ environment }) => codec.matches(environment));
  return found && { function: found, environment: codec.decode(found.environment) };
}

/** Returns the sender function of a deployment. Throws if the deployment has no sender function. */
export function senderOf(deployment: Pick<Deployment, 'functions'>): FoundFunction<SenderEnvironment> {
  const sender = findFunction(deployment, senderEnvironment);
  if (sender === undefined) throw new Error('the assembly has no function with the environment of the sender');
  return sender;
}
