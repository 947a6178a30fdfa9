import { describe, expect, it } from 'vitest';
import { readDashboard } from '../../../../local/cloudwatch/dashboard/body.ts';
import { compileGraphs } from '../../../../local/cloudwatch/dashboard/graphs.ts';
import { MetricStore } from '../../../../local/cloudwatch/metrics/store.ts';

const MINUTE = 60_000;
const METRIC = ['Mailover', 'Attempts', 'provider', 'ses'];

function body(...widgets: object[]): string {
  return JSON.stringify({ widgets });
}

function metric(properties: object) {
  return { type: 'metric', x: 0, y: 0, width: 6, height: 6, properties };
}

describe('a dashboard', () => {
  it('is read widget by widget', () => {
    const widgets = readDashboard(
      'main',
      body(
        { type: 'text', width: 24, height: 1, x: 0, y: 0, properties: { markdown: '## Hello' } },
        { type: 'alarm', properties: { title: 'A', alarms: ['arn:aws:cloudwatch:us-east-1:0:alarm:Mailover/x:y'] } },
        { type: 'log', properties: { query: 'fields x' } },
        metric({
          title: 'Attempts',
          view: 'timeSeries',
          stacked: true,
          metrics: [
            [...METRIC, { label: 'taken', stat: 'Sum', id: 'm1' }],
            [...METRIC, { stat: 'p95', id: 'm2', visible: false }],
            [{ expression: 'm1 + m2', label: 'both', yAxis: 'right' }],
          ],
          yAxis: { left: { min: 0, max: 100 } },
          annotations: { horizontal: [{ value: 25, label: 'alarm', yAxis: 'left' }] },
        }),
      ),
    );

    expect(widgets).toMatchObject([
      { kind: 'text', markdown: '## Hello', width: 24 },
      { kind: 'alarms', alarms: ['Mailover/x:y'] },
      { kind: 'log', query: 'fields x' },
      {
        kind: 'graph',
        stacked: true,
        most: 100,
        marks: [{ value: 25, label: 'alarm' }],
        lines: [
          { id: 'm1', label: 'taken', axis: 'left', periodSeconds: 300 },
          { label: 'both', axis: 'right' },
        ],
      },
    ]);
  });

  it.each([
    ['an unknown view', metric({ view: 'pie', metrics: [METRIC] }), /view pie/],
    ['a row that repeats another', metric({ metrics: [['...', 'mailgun']] }), /repeat no values/],
    ['another kind of widget', { type: 'explorer', properties: {} }, /type/],
    ['an unknown function', metric({ metrics: [[{ expression: "SEARCH('x')" }]] }), /SEARCH/],
  ])('is refused at start for %s', (_, widget, message) => {
    expect(() => compileGraphs(readDashboard('main', body(widget)))).toThrow(message);
  });
});

describe('a graph', () => {
  it('has a point a minute over the period before it, and one for the minute that is not over', () => {
    const store = new MetricStore();
    const attempts = { namespace: 'Mailover', name: 'Attempts', dimensions: { provider: 'ses' } };
    for (const minute of [1, 2, 4]) store.add({ metric: attempts, at: minute * MINUTE, values: [10 ** minute] });
    const { draw } = compileGraphs(
      readDashboard('main', body(metric({ period: 120, stat: 'Sum', metrics: [METRIC] }))),
    );

    const drawn = draw(store, 4.5 * MINUTE, 4);

    expect(drawn).toEqual({ 'main-0': [[null, 10, 110, 100, 10_000]] });
  });

  it('returns only the latest value for a widget with numbers', () => {
    const { draw } = compileGraphs(readDashboard('main', body(metric({ view: 'singleValue', metrics: [METRIC] }))));

    expect(draw(new MetricStore(), 0, 60)).toEqual({ 'main-0': [[null]] });
  });
});
