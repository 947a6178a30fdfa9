import {
  METRICS,
  type MetricDefinition,
  type MetricName,
  type MonitoringSize,
  measuredAt,
} from '../../lambda/contract/metrics.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { RouteConfig } from '../../lambda/contract/routes.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';

/** One combination of a metric and its dimensions, which CloudWatch bills as one metric. */
export interface BilledSeries {
  readonly name: MetricName;
  readonly provider?: string;
  readonly outcome?: string;
  readonly class?: string;
}

/** Returns all time series that the functions can write for these providers and routes at this monitoring size. */
export function possibleSeries(
  providers: readonly ProviderConfig[],
  size: MonitoringSize = 'full',
  routes: readonly RouteConfig[] = [],
): BilledSeries[] {
  const classes = routes.filter(({ expiresAfterSeconds }) => expiresAfterSeconds !== undefined);
  return (Object.keys(METRICS) as MetricName[]).flatMap((name): BilledSeries[] => {
    const definition: MetricDefinition = METRICS[name];
    if (definition.by.includes('class'))
      return measuredAt(size, name) ? classes.map((route) => ({ name, class: route.class })) : [];
    if (definition.needsUnsubscribe)
      return routes.some(({ unsubscribe }) => unsubscribe) && measuredAt(size, name) ? [{ name }] : [];
    const those = providers.filter((provider) => has(provider, name));
    const whole = (definition.receiving || definition.needs) && those.length === 0 ? [] : [{}];
    const keys = definition.by.includes('provider') ? those.map(({ key }) => ({ provider: key })) : whole;
    const outcomes = measuredAt(size, name) ?? [];
    const words = outcomes.map((outcome) => (outcome === undefined ? {} : { outcome }));
    return keys.flatMap((key) => words.map((word) => ({ name, ...key, ...word })));
  });
}

function has(provider: ProviderConfig, name: MetricName): boolean {
  const { gauge, receiving, needs, needsInboundCanary }: MetricDefinition = METRICS[name];
  const { type, inbound, outbound = true } = provider;
  if (needsInboundCanary) return typeof inbound === 'object' && inbound.canary !== undefined;
  if (receiving) return inbound !== undefined;
  if (needs && provider[needs] === undefined) return false;
  return outbound && (!gauge || definitionOf(type).gauges?.some((one) => one === name) === true);
}
