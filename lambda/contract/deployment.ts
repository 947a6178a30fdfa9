import { type Environment, environment, optional, text, word } from './environment-codec.ts';
import type { MonitoringSize } from './metrics.ts';

/** The part of the environment that is the same for every function of a deployment. */
export const deploymentEnvironment = environment({
  /** Name of the deployment, unique in its account and region: the namespace of its metrics. */
  name: text('MAILOVER_NAME'),
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
