import { expect, test } from 'vitest';
import { readApis } from '../../../local/template/apis.ts';
import { readMetricFilters } from '../../../local/template/metric-filters.ts';
import type { Properties } from '../../../local/template/resources.ts';

const STAGE = { ApiId: 'api', StageName: '$default' };

/** Reads the routes of an API with two routes, and the access log of the API's stage. */
function read(stage: Properties) {
  const route = (name: string) => ({ ApiId: 'api', RouteKey: `POST /${name}`, Target: 'integrations/one' });
  const resources: Readonly<Record<string, readonly (readonly [string, Properties])[]>> = {
    'AWS::ApiGatewayV2::Api': [['api', {}]],
    'AWS::ApiGatewayV2::Stage': [['stage', { ...STAGE, ...stage }]],
    'AWS::ApiGatewayV2::Route': [
      ['first', route('events')],
      ['second', route('inbound')],
    ],
    'AWS::ApiGatewayV2::Integration': [
      [
        'one',
        {
          IntegrationType: 'AWS_PROXY',
          PayloadFormatVersion: '2.0',
          IntegrationUri: 'arn:aws:lambda:us-east-1:000000000000:function:taker',
        },
      ],
    ],
  };
  const [api] = readApis((type, one) => (resources[type] ?? []).map(([name, properties]) => one(properties, name)));
  return { accessLog: api?.accessLog, throttles: api?.routes.map(({ throttle }) => throttle) };
}

test.each<[string, Properties, unknown[]]>([
  ['none', {}, [undefined, undefined]],
  [
    'those of one route',
    { RouteSettings: { 'POST /events': { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 } } },
    [{ rate: 100, burst: 200 }, undefined],
  ],
  [
    'those of the stage, and of a route in their place',
    {
      DefaultRouteSettings: { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 7 },
      RouteSettings: { 'POST /events': { ThrottlingRateLimit: 100 } },
    },
    [
      { rate: 100, burst: 7 },
      { rate: 5, burst: 7 },
    ],
  ],
  [
    'half of one, completed by the quota of an account',
    { DefaultRouteSettings: { ThrottlingBurstLimit: 7 } },
    [
      { rate: 10_000, burst: 7 },
      { rate: 10_000, burst: 7 },
    ],
  ],
])('routes have the limits of their stage: %s', (_, stage, expected) => {
  expect(read(stage).throttles).toEqual(expected);
});

test('an API has the access log of its stage, by the name in the ARN', () => {
  const AccessLogSettings = {
    DestinationArn: 'arn:aws:logs:us-east-1:000000000000:log-group:access',
    Format: '$context.status',
  };

  expect(read({ AccessLogSettings }).accessLog).toEqual({ logGroup: 'access', format: '$context.status' });
  expect(read({}).accessLog).toBeUndefined();
});

test('a metric filter whose value is in the line fails the start', () => {
  const filters = (MetricValue: string) =>
    readMetricFilters((_type, one) => [
      one(
        {
          LogGroupName: 'access',
          FilterPattern: '{ $.a = "1" }',
          MetricTransformations: [{ MetricName: 'A', MetricNamespace: 'Mailover', MetricValue }],
        },
        'filter',
      ),
    ]);

  expect(filters('1')).toEqual([
    { logGroup: 'access', pattern: '{ $.a = "1" }', namespace: 'Mailover', name: 'A', value: 1 },
  ]);
  expect(() => filters('$.latency')).toThrow('metric filter filter: the local stack supports only a fixed value');
});
