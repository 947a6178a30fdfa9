import { type Environment, environment, optional, text, word } from './environment-codec.ts';
import type { MonitoringSize } from './metrics.ts';

/**
 * Whether mail is delivered. `sandbox`: none is, by the test modes of the providers. `redirect`: all of it to one address.
 * `live`: to its recipients. `local`: as `live`, with the providers that the local stack simulates.
 */
export type Stage = 'sandbox' | 'redirect' | 'live' | 'local';

/** Name of the CDK context that a local stack sets: the app then has the stage `local`, whatever it is configured to. */
export const LOCAL_STACK = 'mailover:local';

/** The part of the environment that is the same for every function of a deployment. */
export const deploymentEnvironment = environment({
  /** Name of the deployment, unique in its account and region: the namespace of its metrics. */
  name: text('MAILOVER_NAME'),
  stage: word<Stage>('MAILOVER_STAGE'),
  /** Address that gets all mail in the stage `redirect`. */
  redirectTo: optional(text('MAILOVER_REDIRECT_TO')),
  /** Extent of the metrics; absent: full. */
  monitoringSize: optional(word<MonitoringSize>('MAILOVER_MONITORING_SIZE')),
});

export type DeploymentEnvironment = Environment<typeof deploymentEnvironment>;

interface NamedSecret {
  readonly key: string;
  readonly secretName?: string;
}

/** Name of the secret with a provider's credentials, for a type that needs one: no other deployment has the same default. */
export function secretNameOf({ key, secretName }: NamedSecret, deployment: string): string {
  return secretName ?? `${deployment}/${key}`;
}

/**
 * Ends the process if the template of a local stack was deployed to an account.
 *
 * @throws Error
 */
export function refuseStageWithoutSimulators(
  { stage }: Pick<DeploymentEnvironment, 'stage'>,
  { endpoints }: { readonly endpoints?: Readonly<Record<string, string>> | undefined },
): void {
  if (stage === 'local' && endpoints === undefined)
    throw new Error('this template was synthesised for a local stack; deploy one of stage sandbox, redirect or live');
}
