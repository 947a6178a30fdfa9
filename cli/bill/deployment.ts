import { deploymentEnvironment, secretNameOf } from '../../lambda/contract/deployment.ts';
import { eventsEnvironment } from '../../lambda/contract/events-environment.ts';
import { healthEnvironment } from '../../lambda/contract/health-environment.ts';
import { inboundEnvironment } from '../../lambda/contract/inbound-environment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { defined } from '../../lambda/platform/defined.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import type { CostedDeployment } from '../../lib/costs/fixed.ts';
import { findFunction, senderOf } from '../../local/template/find-function.ts';
import type { Synthesised } from '../synthesised.ts';

/** The properties of a synthesised deployment on which its costs depend. */
export interface BilledDeployment extends CostedDeployment {
  readonly senderMemoryMb: number;
}

/** Reads a deployment from its template and the environments of its functions. */
export function billedDeployment({ stacks, deployment }: Synthesised): BilledDeployment {
  const sender = senderOf(deployment);
  const { name, monitoringSize = 'full' } = deploymentEnvironment.decode(sender.function.environment);
  const found = {
    health: findFunction(deployment, healthEnvironment)?.environment,
    events: findFunction(deployment, eventsEnvironment)?.environment,
    inbound: findFunction(deployment, inboundEnvironment)?.environment,
  };
  const sending = found.health?.providers ?? sender.environment.providers;
  const reporting = [...(found.events?.providers ?? []), ...(found.inbound?.reported ?? [])].map(({ key }) => key);
  const receiving = found.inbound?.providers ?? [];
  const canaries = new Map(found.health?.inboundCanaries?.map(({ key, canary }) => [key, canary]));
  const providers = [
    ...sending,
    ...receiving
      .filter(({ key }) => !sending.some((one) => one.key === key))
      .map(({ key, type }): ProviderConfig => ({ key, type, options: {}, outbound: false })),
  ].map((provider): ProviderConfig => {
    const canary = canaries.get(provider.key);
    return {
      ...provider,
      ...defined({
        events: reporting.includes(provider.key) || undefined,
        inbound: receiving.some(({ key }) => key === provider.key) ? (canary ? { canary } : true) : undefined,
      }),
    };
  });
  const read = [
    ...sending.flatMap((one) => (definitionOf(one.type).secretFields.length > 0 ? secretNameOf(one, name) : [])),
    ...[...(found.events?.providers ?? []), ...receiving].flatMap(({ secretName }) => secretName ?? []),
  ];
  return {
    resources: Object.assign({}, ...stacks.map(({ resources }) => resources)),
    providers,
    routes: sender.environment.routes ?? [],
    size: monitoringSize,
    secrets: [...new Set(read)],
    senderMemoryMb: sender.function.memoryMb,
  };
}
