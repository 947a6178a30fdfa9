import { METRICS, type MetricName } from '../../lambda/contract/metrics.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';

/** One time series that CloudWatch bills as a metric. */
export interface Series {
  readonly name: MetricName;
  readonly provider?: string;
  readonly outcome?: string;
}

/** Every series that the functions can ever make for these providers, whatever happens to the mail. */
export function possibleSeries(providers: readonly Pick<ProviderConfig, 'key' | 'type'>[]): Series[] {
  return (Object.keys(METRICS) as MetricName[]).flatMap((name) => {
    const { by, outcomes, types } = METRICS[name] as (typeof METRICS)[MetricName] & {
      readonly outcomes?: readonly string[];
      readonly types?: readonly string[];
    };
    const keys = by.some((dimension) => dimension === 'provider')
      ? providers.filter(({ type }) => types?.includes(type) ?? true).map(({ key }) => ({ provider: key }))
      : [{}];
    const words = (outcomes ?? []).map((outcome) => ({ outcome }));
    return keys.flatMap((key) => (words.length > 0 ? words : [{}]).map((word) => ({ name, ...key, ...word })));
  });
}
