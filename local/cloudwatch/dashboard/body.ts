import { z } from 'zod';
import { defined } from '../../../lambda/platform/defined.ts';
import { nameInArn } from '../../template/names.ts';
import type { Query } from '../alarms/queries.ts';

/** One line of a graph, or one number of a widget that shows numbers instead of lines. */
export interface Line {
  readonly id: string;
  readonly label: string;
  readonly axis: 'left' | 'right';
  readonly periodSeconds: number;
}

/** Position of a widget in CloudWatch's grid of 24 columns. */
interface Place {
  readonly id: string;
  readonly title: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A widget of a CloudWatch dashboard, in the form in which the console page draws it. */
export type Widget = Place &
  (
    | { readonly kind: 'text'; readonly markdown: string }
    | { readonly kind: 'alarms'; readonly alarms: readonly string[] }
    | { readonly kind: 'log'; readonly query: string }
    | {
        readonly kind: 'graph' | 'numbers';
        readonly lines: readonly Line[];
        readonly queries: readonly Query[];
        readonly stacked: boolean;
        readonly most?: number;
        readonly marks: readonly { readonly value: number; readonly label: string }[];
      }
  );

const Options = z.looseObject({
  id: z.string().optional(),
  label: z.string().optional(),
  expression: z.string().optional(),
  stat: z.string().optional(),
  period: z.number().optional(),
  yAxis: z.enum(['left', 'right']).default('left'),
  visible: z.boolean().default(true),
});
const Axis = z.looseObject({ min: z.number().optional(), max: z.number().optional() }).optional();
const Properties = z.looseObject({
  title: z.string().default(''),
  markdown: z.string().default(''),
  query: z.string().default(''),
  alarms: z.array(z.string()).default([]),
  view: z.string().default('timeSeries'),
  stacked: z.boolean().default(false),
  stat: z.string().default('Average'),
  period: z.number().default(300),
  metrics: z.array(z.array(z.union([z.string(), Options]))).default([]),
  yAxis: z.looseObject({ left: Axis, right: Axis }).optional(),
  annotations: z
    .looseObject({
      horizontal: z.array(z.looseObject({ value: z.number(), label: z.string().default('') })).default([]),
    })
    .optional(),
});
const Body = z.looseObject({
  widgets: z.array(
    z.looseObject({
      type: z.enum(['text', 'metric', 'alarm', 'log']),
      x: z.number().default(0),
      y: z.number().default(0),
      width: z.number().default(6),
      height: z.number().default(6),
      properties: Properties,
    }),
  ),
});

/** Parses the body of a CloudWatch dashboard. Throws on a widget that the console page cannot draw. */
export function readDashboard(name: string, body: string): Widget[] {
  const { widgets } = Body.parse(JSON.parse(body));
  return widgets.map((widget, index) => readWidget(widget, `${name}-${index}`));
}

function readWidget(
  { type, x, y, width, height, properties }: z.infer<typeof Body>['widgets'][number],
  id: string,
): Widget {
  const place = { id, title: properties.title, x, y, width, height };
  switch (type) {
    case 'text':
      return { ...place, kind: 'text', markdown: properties.markdown };
    case 'alarm':
      return { ...place, kind: 'alarms', alarms: properties.alarms.map(nameInArn) };
    case 'log':
      return { ...place, kind: 'log', query: properties.query };
    case 'metric':
      return { ...place, ...readMetrics(properties) };
  }
}

function readMetrics({ view, stacked, metrics, stat, period, yAxis, annotations }: z.infer<typeof Properties>) {
  if (view !== 'timeSeries' && view !== 'singleValue') throw new Error(`the console cannot draw the view ${view}`);
  const queries: Query[] = [];
  const lines: Line[] = [];
  for (const [index, row] of metrics.entries()) {
    const options = Options.parse(row.find((part) => typeof part === 'object') ?? {});
    const [namespace, metric, ...pairs] = row.filter((part) => typeof part === 'string');
    const id = options.id ?? `row${index}`;
    const periodSeconds = options.period ?? period;
    if (options.expression !== undefined) queries.push({ Id: id, Expression: options.expression });
    else {
      // In a row of metrics, '.' and '...' repeat values of the row above. They are not supported here, since the CDK never
      // writes them.
      if (namespace === undefined || metric === undefined || row.includes('.') || row.includes('...'))
        throw new Error('the console reads only rows of metrics that repeat no values of the row above');
      const Metric = { Namespace: namespace, MetricName: metric, Dimensions: dimensionsOf(pairs) };
      queries.push({ Id: id, MetricStat: { Metric, Stat: options.stat ?? stat, Period: periodSeconds } });
    }
    if (!options.visible) continue;
    lines.push({ id, label: options.label ?? options.expression ?? metric ?? id, axis: options.yAxis, periodSeconds });
  }
  const most = yAxis?.left?.max;
  return {
    kind: view === 'timeSeries' ? ('graph' as const) : ('numbers' as const),
    lines,
    queries,
    stacked,
    marks: (annotations?.horizontal ?? []).map(({ value, label }) => ({ value, label })),
    ...defined({ most }),
  };
}

function dimensionsOf(pairs: readonly string[]): Record<string, string> {
  const dimensions: Record<string, string> = {};
  for (let place = 0; place < pairs.length; place += 2) dimensions[pairs[place] ?? ''] = pairs[place + 1] ?? '';
  return dimensions;
}
