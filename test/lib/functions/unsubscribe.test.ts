import { expect, test } from 'vitest';
import { unsubscribeEnvironment } from '../../../lambda/contract/unsubscribe-environment.ts';
import { deploy, PROVIDERS, resources } from '../deployment.ts';

const routes = [{ class: 'news', unsubscribe: true }];
const variables = (template: ReturnType<typeof deploy>['template'], name: string) =>
  Object.values(resources(template, 'AWS::Lambda::Function')).flatMap(({ Properties }) => {
    const { Variables = {} } = (Properties['Environment'] ?? {}) as { Variables?: Record<string, unknown> };
    return name in Variables ? [Variables] : [];
  });

test('without the option there is no function, no link and no list', () => {
  const { template } = deploy({ routes: [{ class: 'news' }] });

  expect(variables(template, 'MAILOVER_UNSUBSCRIBE_PATH')).toEqual([]);
  expect(variables(template, 'MAILOVER_UNSUBSCRIBE_URL')).toEqual([]);
  template.resourceCountIs('AWS::ApiGatewayV2::Api', 0);
});

test('a class with links makes the API, the list and the function, with routes and a throttle of its own', () => {
  const { template } = deploy({ routes, providers: PROVIDERS.slice(0, 2), unsubscribeRate: 5 });

  expect(variables(template, 'MAILOVER_UNSUBSCRIBE_PATH')).toHaveLength(1);
  const [sender] = variables(template, 'MAILOVER_UNSUBSCRIBE_URL');
  expect(sender).toHaveProperty('MAILOVER_SUPPRESSION_SECRET');
  expect(JSON.stringify(sender?.['MAILOVER_UNSUBSCRIBE_URL'])).toMatch(/ApiEndpoint.*\/unsubscribe/);
  const keys = Object.values(resources(template, 'AWS::ApiGatewayV2::Route')).map(
    ({ Properties }) => Properties['RouteKey'],
  );
  expect(keys.toSorted()).toEqual(['GET /unsubscribe/{token}', 'POST /unsubscribe/{token}']);
  const [stage] = Object.values(resources(template, 'AWS::ApiGatewayV2::Stage'));
  expect(stage?.Properties['RouteSettings']).toMatchObject({
    'POST /unsubscribe/{token}': { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 10 },
  });
});

test('the function decodes what the deployment encodes', () => {
  const [given = {}] = variables(deploy({ routes }).template, 'MAILOVER_UNSUBSCRIBE_PATH');
  const texts = Object.fromEntries(Object.keys(given).map((name) => [name, name]));

  expect(unsubscribeEnvironment.decode({ ...texts, MAILOVER_UNSUBSCRIBE_PATH: 'unsubscribe' })).toMatchObject({
    path: 'unsubscribe',
    suppressionSecret: 'MAILOVER_SUPPRESSION_SECRET',
  });
});

test('a base of the links can be given', () => {
  const { template } = deploy({ routes, unsubscribeUrl: 'https://mail.example.com/unsubscribe' });

  expect(variables(template, 'MAILOVER_UNSUBSCRIBE_URL')[0]).toMatchObject({
    MAILOVER_UNSUBSCRIBE_URL: 'https://mail.example.com/unsubscribe',
  });
});

test.each([
  'http://example.com/u',
  'https://example.com/u/',
  'https://example.com/u?a=1',
  'mail',
  `https://e.com/${'a'.repeat(200)}`,
])('the base %j is refused', (unsubscribeUrl) => {
  expect(() => deploy({ routes, unsubscribeUrl })).toThrow('unsubscribeUrl: given ');
});
