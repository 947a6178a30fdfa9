import { z } from 'zod';
import { defined } from '../../../lambda/platform/defined.ts';
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
 * Reads one line of a function's output as CloudWatch does: the metrics in its `_aws` block become
 * data, once for each set of dimensions; any other line is no metric ("Embedded metric format specification", collected 2026-11-25).
 */
export function readEmf(line: string): Datum[] {
  // Most lines are no metrics and are not parsed.
  if (!line.startsWith('{') || !line.includes('"CloudWatchMetrics"')) return [];
  const envelope = Envelope.safeParse(parse(line));
  if (!envelope.success) return [];
  const { _aws: block, ...members } = envelope.data;
  return block.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) => {
      const dimensions = Object.fromEntries(names.map((name) => [name, String(members[name])]));
      // A dimension without a member of that name makes CloudWatch drop the metric.
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

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
