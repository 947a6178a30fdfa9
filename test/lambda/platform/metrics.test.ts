import { expect, test } from 'vitest';
import { emfMetrics } from '../../../lambda/platform/metrics.ts';
import { linesOf } from '../../support/standard-output.ts';

interface Emf {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly { readonly Namespace: string; readonly Dimensions: string[][] }[];
  };
  readonly [member: string]: unknown;
}

async function flushed(add: (metrics: ReturnType<typeof emfMetrics>) => void): Promise<Emf[]> {
  const metrics = emfMetrics({ name: 'Mailover' });
  const lines = await linesOf(async () => {
    add(metrics);
    await metrics.flush();
  });
  return lines.map((line) => JSON.parse(line) as Emf);
}

test('writes one line for each combination of dimensions, regardless of the number of messages', async () => {
  const lines = await flushed((metrics) => {
    for (let mail = 0; mail < 10; mail++) {
      metrics.add('Attempts', 1, { provider: 'postmark', outcome: 'accepted' });
      metrics.add('AttemptLatency', 100 + mail, { provider: 'postmark', outcome: 'accepted' });
      metrics.add('Delay', 1);
    }
  });

  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatchObject({ provider: 'postmark', outcome: 'accepted', Attempts: 10 });
  expect(lines[0]?.['AttemptLatency']).toHaveLength(10);
});

test('gives a metric exactly the dimensions of its definition, without those of the library', async () => {
  const lines = await flushed((metrics) => {
    metrics.add('Contradictions', 1, { provider: 'postmark', outcome: 'refused' });
    metrics.add('Delay', 3, { provider: 'postmark' });
  });

  expect(lines.map((line) => line._aws.CloudWatchMetrics[0]?.Dimensions)).toEqual([[['provider']], [[]]]);
  expect(lines.map(({ _aws, ...members }) => members)).toEqual([
    { provider: 'postmark', Contradictions: 1 },
    { Delay: 3 },
  ]);
});

test('keeps a provider and an outcome of the same name apart', async () => {
  const lines = await flushed((metrics) => {
    metrics.add('TookOver', 1, { provider: 'unknown' });
    metrics.add('DeadLettered', 1, { outcome: 'unknown' });
  });

  expect(lines).toHaveLength(2);
});

test('keeps the dimensions of values beyond the hundred of one entry', async () => {
  const lines = await flushed((metrics) => {
    for (let mail = 0; mail < 250; mail++)
      metrics.add('AttemptLatency', mail, { provider: 'ses', outcome: 'accepted' });
  });

  expect(lines.map(({ AttemptLatency }) => (AttemptLatency as number[]).length)).toEqual([100, 100, 50]);
  expect(lines.every(({ provider, outcome }) => provider === 'ses' && outcome === 'accepted')).toBe(true);
});

test('writes nothing when nothing was measured, and nothing twice', async () => {
  const metrics = emfMetrics({ name: 'Mailover' });

  const lines = await linesOf(async () => {
    await metrics.flush();
    metrics.add('TookOver', 1, { provider: 'ses' });
    await metrics.flush();
    await metrics.flush();
  });

  expect(lines).toHaveLength(1);
});
