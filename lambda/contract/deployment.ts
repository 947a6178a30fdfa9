import { type Environment, environment, optional, text, word } from './environment-codec.ts';
import type { MonitoringSize } from './metrics.ts';

/**
 * Stage of a deployment. `sandbox`: no mail is delivered, since each provider's test mode is used. `redirect`: all mail goes to
 * one address. `live`: mail goes to its recipients. `local`: the same as `live`, but the local stack simulates the providers.
 */
export type Stage = 'sandbox' | 'redirect' | 'live' | 'local';

/** Key of a CDK context value that a local stack sets. If the value is set, the app uses the stage `local` instead of the configured stage. */
export const LOCAL_STACK = 'mailover:local';

/** Environment variables that have the same values in every Lambda function of a deployment. */
export const deploymentEnvironment = environment({
  /** Name of the deployment, unique in its AWS account and region. It is also the CloudWatch namespace of the deployment's metrics. */
  name: text('MAILOVER_NAME'),
  stage: word<Stage>('MAILOVER_STAGE'),
  /** Address to which all mail is sent in the stage `redirect`. */
  redirectTo: optional(text('MAILOVER_REDIRECT_TO')),
  /** Amount of metrics that are measured, `full` or `small`; absent: `full`. */
  monitoringSize: optional(word<MonitoringSize>('MAILOVER_MONITORING_SIZE')),
});

export type DeploymentEnvironment = Environment<typeof deploymentEnvironment>;

interface NamedSecret {
  readonly key: string;
  readonly secretName?: string;
}

/**
 * Returns the name of the secret with a provider's credentials. The default contains the deployment's name. Therefore two
 * deployments share no secret by default.
 */
export function secretNameOf({ key, secretName }: NamedSecret, deployment: string): string {
  return secretName ?? `${deployment}/${key}`;
}

/**
 * Prevents the start of a Lambda function if the template of a local stack was deployed to a real AWS account.
 *
 * @throws Error if the stage is `local` and no endpoints of simulated providers are set
 */
export function refuseStageWithoutSimulators(
  { stage }: Pick<DeploymentEnvironment, 'stage'>,
  { endpoints }: { readonly endpoints?: Readonly<Record<string, string>> | undefined },
): void {
  if (stage === 'local' && endpoints === undefined)
    throw new Error('this template was synthesised for a local stack; deploy one of stage sandbox, redirect or live');
}
