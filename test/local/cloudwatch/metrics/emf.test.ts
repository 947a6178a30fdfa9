import { afterEach, expect, it, vi } from 'vitest';
import { emfMetrics } from '../../../../lambda/platform/metrics.ts';
import { readEmf } from '../../../../local/cloudwatch/metrics/emf.ts';

const BLOCK = {
  Timestamp: 1_700_000_000_000,
  CloudWatchMetrics: [
    { Namespace: 'Mailover', Dimensions: [['provider']], Metrics: [{ Name: 'Attempts', Unit: 'Count' }] },
  ],
};

afterEach(() => {
  vi.restoreAllMocks();
});

it('reads the output of functions', async () => {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  const print = (chunk: string | Uint8Array) => {
    lines.push(String(chunk));
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(print as typeof process.stdout.write);
  const metrics = emfMetrics({ name: 'Mailover' });
  metrics.add('AttemptLatency', 12, { provider: 'ses' });
  metrics.add('AttemptLatency', 15, { provider: 'ses' });
  await metrics.flush();
  vi.restoreAllMocks();

  const data = lines.flatMap(readEmf).filter(({ metric }) => metric.name === 'AttemptLatency');

  expect(data.flatMap(({ values }) => values)).toEqual([12, 15]);
  expect(data[0]?.metric).toMatchObject({ namespace: 'Mailover', dimensions: { provider: 'ses' } });
  expect(Math.abs(Date.now() - (data[0]?.at ?? 0))).toBeLessThan(10_000);
});

it.each([
  ['a number', 3, { values: [3] }],
  ['a list of values', [1, 2], { values: [1, 2] }],
  ['values with counts', { Values: [1, 2], Counts: [5, 6] }, { values: [1, 2], counts: [5, 6] }],
])('takes %s', (_, Attempts, expected) => {
  expect(readEmf(JSON.stringify({ _aws: BLOCK, provider: 'ses', Attempts }))).toEqual([
    {
      metric: { namespace: 'Mailover', name: 'Attempts', dimensions: { provider: 'ses' } },
      at: BLOCK.Timestamp,
      unit: 'Count',
      ...expected,
    },
  ]);
});

it('counts a value once for each set of dimensions', () => {
  const [directive] = BLOCK.CloudWatchMetrics;
  const block = { ...BLOCK, CloudWatchMetrics: [{ ...directive, Dimensions: [[], ['provider'], ['provider', 'b']] }] };

  const data = readEmf(JSON.stringify({ _aws: block, provider: 'ses', b: 'x', Attempts: 1 }));

  expect(data.map(({ metric }) => metric.dimensions)).toEqual([{}, { provider: 'ses' }, { provider: 'ses', b: 'x' }]);
});

it.each([
  ['no JSON', '{"CloudWatchMetrics" oops'],
  ['a log line', '{"level":"INFO","message":"attempt"}'],
  ['a metric that is not there', JSON.stringify({ _aws: BLOCK, provider: 'ses' })],
  ['a text as value', JSON.stringify({ _aws: BLOCK, provider: 'ses', Attempts: 'many' })],
  ['a dimension that is not there', JSON.stringify({ _aws: BLOCK, Attempts: 1 })],
])('takes nothing from %s', (_, line) => {
  expect(readEmf(line)).toEqual([]);
});
