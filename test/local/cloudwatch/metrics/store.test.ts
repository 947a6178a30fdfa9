import { describe, expect, it } from 'vitest';
import type { Metric } from '../../../../local/cloudwatch/metrics/metric.ts';
import { MetricStore } from '../../../../local/cloudwatch/metrics/store.ts';

const MINUTE = 60_000;
const LATENCY: Metric = { namespace: 'Mailover', name: 'AttemptLatency', dimensions: { provider: 'ses', kind: 'x' } };

describe('the metric store', () => {
  it.each([
    ['Sum', 10],
    ['Average', 2.5],
    ['Minimum', 1],
    ['Maximum', 4],
    ['SampleCount', 4],
    ['p50', 2],
    ['p99', 4],
  ])('reads %s over a period', (statistic, expected) => {
    const store = new MetricStore();
    store.add({ metric: LATENCY, at: 0, values: [1, 2] });
    store.add({ metric: LATENCY, at: MINUTE, values: [3] });
    store.add({ metric: LATENCY, at: 2 * MINUTE - 1, values: [4] });
    store.add({ metric: LATENCY, at: 2 * MINUTE, values: [99] });

    const [before, value] = store.read({ metric: LATENCY, statistic, periodSeconds: 120 }, [0, 2 * MINUTE]);

    expect([before, value]).toEqual([undefined, expected]);
  });

  it('counts a value by its given count', () => {
    const store = new MetricStore();
    store.add({ metric: LATENCY, at: 0, values: [1, 100], counts: [98, 2] });

    const read = (statistic: string) => store.read({ metric: LATENCY, statistic, periodSeconds: 60 }, [MINUTE])[0];

    expect(['SampleCount', 'Sum', 'p98', 'p99'].map(read)).toEqual([100, 298, 1, 100]);
  });

  it('identifies a metric by its dimensions, in any order', () => {
    const store = new MetricStore();
    store.add({ metric: LATENCY, at: 0, values: [1] });
    const reading = (dimensions: Record<string, string>) =>
      store.read({ metric: { ...LATENCY, dimensions }, statistic: 'Sum', periodSeconds: 60 }, [MINUTE])[0];

    expect(reading({ kind: 'x', provider: 'ses' })).toBe(1);
    expect(reading({ provider: 'ses' })).toBeUndefined();
  });

  it('keeps percentiles of any number of distinct values within one percent', () => {
    const store = new MetricStore();
    const values = Array.from({ length: 50_000 }, (_, index) => index / 7);
    store.add({ metric: LATENCY, at: 0, values });

    const [p95] = store.read({ metric: LATENCY, statistic: 'p95', periodSeconds: 60 }, [MINUTE]);

    expect(p95).toBeGreaterThan((47_500 / 7) * 0.99);
    expect(p95).toBeLessThan((47_500 / 7) * 1.01);
  });

  it('drops values older than its retention', () => {
    const store = new MetricStore({ keepMinutes: 3 });
    for (let minute = 0; minute < 10; minute++) store.add({ metric: LATENCY, at: minute * MINUTE, values: [1] });

    expect(store.list()[0]?.points.map(({ at }) => at / MINUTE)).toEqual([7, 8, 9]);
  });
});
