import { z } from 'zod';
import { defined } from '../../../lambda/platform/defined.ts';
import { jsonObject } from '../../aws/json-object.ts';
import type { Datum } from './metric.ts';

const Directive = z.object({
  Namespace: z.string().min(1),
  Dimensions: z.array(z.array(z.string())).default([[]]),
  Metrics: z.array(z.object({ Name: z.string(), Unit: z.string().optional() })).default([]),
});

const Envelope = z
  .object({ _aws: z.object({ Timestamp: z.number(), CloudWatchMetrics: z.array(Directive) }) })
  .catchall(z.unknown());

const value = z.union([
  z.number().transform((one) => ({ values: [one], counts: undefined })),
  z.array(z.number()).transform((values) => ({ values, counts: undefined })),
  z
    .object({ Values: z.array(z.number()), Counts: z.array(z.number()).optional() })
    .transform(({ Values, Counts }) => ({ values: Values, counts: Counts })),
]);

/**
 * Reads one line of a function's output as CloudWatch does. Each metric in the `_aws` block of the line becomes one datum for
 * each set of dimensions. A line without an `_aws` block contains no metrics, and the result is empty ("Embedded metric format
 * specification", collected 2026-11-25).
 */
export function readEmf(line: string): Datum[] {
  // Most lines contain no metrics, and need not be parsed.
  if (!line.startsWith('{') || !line.includes('"CloudWatchMetrics"')) return [];
  const envelope = Envelope.safeParse(jsonObject(line));
  if (!envelope.success) return [];
  const { _aws: block, ...members } = envelope.data;
  return block.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) => {
      const dimensions = Object.fromEntries(names.map((name) => [name, String(members[name])]));
      // CloudWatch drops a metric if the JSON object of the line has no member for one of the metric's dimensions.
      if (names.some((name) => members[name] === undefined)) return [];
      return Metrics.flatMap(({ Name, Unit }): Datum[] => {
        const measured = value.safeParse(members[Name]);
        if (!measured.success || measured.data.values.length === 0) return [];
        const { values, counts } = measured.data;
        return [
          {
            metric: { namespace: Namespace, name: Name, dimensions },
            at: block.Timestamp,
            values,
            ...defined({ counts, unit: Unit }),
          },
        ];
      });
    }),
  );
}
