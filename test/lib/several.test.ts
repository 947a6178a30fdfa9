import { App } from 'aws-cdk-lib/core';
import { describe, expect, test } from 'vitest';
import { Mailover } from '../../lib/mailover.ts';
import type { MailoverProps } from '../../lib/mailover-props.ts';
import { MailoverStack } from '../../lib/stack.ts';
import { deploy, type Resource } from './deployment.ts';

const canary = (domain: string) => ({ to: `canary@${domain}`, from: 'canary@example.com', everyMinutes: 60 });

/** Options with which a deployment has everything that it can have: every alarm, every function, receiving of mail, and routes. */
const PROPS: MailoverProps = {
  providers: [
    { key: 'postmark', type: 'postmark', options: {}, canary: canary('in.example.com'), inbound: { preference: 20 } },
    {
      key: 'mailgun',
      type: 'mailgun',
      options: { domain: 'mg.example.com' },
      inbound: { domains: ['in.example.com'] },
    },
    { key: 'ses', type: 'ses', options: { identities: ['example.com'] }, inbound: { recipients: ['in.example.com'] } },
    { key: 'sendgrid', type: 'sendgrid', options: {} },
    { key: 'own-mta', type: 'smtp', options: { host: 'mta.example.com' } },
  ],
  routes: [{ class: 'login-codes', providers: ['postmark', 'ses'], expiresAfterSeconds: 600 }],
};

type Resources = Readonly<Record<string, Resource>>;

const twoStacks = (): [Resources, Resources] => [
  deploy(PROPS).template.toJSON()['Resources'],
  deploy({ ...PROPS, stackName: 'Staging' }).template.toJSON()['Resources'],
];

/** Returns the resources of two constructs in one stack. */
const twoConstructs = (): [Resources, Resources] => {
  const { template } = deploy(PROPS, (stack) => new Mailover(stack, 'Second', PROPS));
  const all = Object.entries(template.toJSON()['Resources'] as Resources);
  const of = (prefix: string) => Object.fromEntries(all.filter(([id]) => id.startsWith(prefix)));
  const both: [Resources, Resources] = [of('Mailover'), of('Second')];
  expect(Object.keys({ ...both[0], ...both[1] })).toHaveLength(all.length);
  return both;
};

describe.each([
  ['stacks in one account', twoStacks],
  ['constructs in one stack', twoConstructs],
] as const)('two %s', (_, given) => {
  const [one, other] = given();

  test.each([
    ['name of a resource', physicalNames, 70],
    ['metric', metrics, 100],
    ['secret', secrets, 6],
  ] as const)('share no %s', (_what, found, atLeast) => {
    const [a, b] = [found(one), found(other)];
    // Both constructs must have the same number of items, so that the test overlooks no item of one construct.
    expect([a.size, a.size >= atLeast]).toEqual([b.size, true]);
    // SES has metrics only for its account as a whole. Therefore both constructs use the same SES metrics.
    expect([...a].filter((item) => b.has(item) && !item.startsWith('["AWS/SES"'))).toEqual([]);
  });

  test('tell their functions apart by the metrics that they write', () => {
    const namespaces = (resources: Resources) =>
      new Set(
        Object.values(resources).flatMap(({ Type, Properties }) =>
          Type === 'AWS::Lambda::Function'
            ? (Properties['Environment'] as { Variables: Record<string, unknown> }).Variables['MAILOVER_NAME']
            : [],
        ),
      );
    for (const resources of [one, other]) {
      const [namespace, ...more] = namespaces(resources);
      expect(more).toEqual([]);
      expect(new Set([...metrics(resources)].map((metric) => JSON.parse(metric)[0]).filter(isOwn))).toEqual(
        new Set([namespace]),
      );
    }
  });
});

describe('a name that another deployment has', () => {
  const named = (app: App, id: string, name: string, region = 'eu-west-1') =>
    new MailoverStack(app, id, { ...PROPS, deploymentName: name, env: { account: '123456789012', region } });
  const app = () => new App({ context: { 'aws:cdk:bundling-stacks': [] }, builtinCloudFormationValidation: false });

  test('is refused in the same account and region', () => {
    const both = app();
    named(both, 'One', 'Mail');
    expect(() => named(both, 'Two', 'Mail')).toThrow(/deploymentName: Mail is already the name of One\/Mailover/);
  });

  test('is accepted in another region, where nothing is shared', () => {
    const both = app();
    named(both, 'One', 'Mail');
    expect(() => named(both, 'Two', 'Mail', 'eu-central-1')).not.toThrow();
  });

  test.each(['', '1st', 'Mail_over', 'AWS/Lambda', 'M'.repeat(65)])('has a form: %j has not', (name) => {
    expect(() => named(app(), 'One', name)).toThrow(/deploymentName: given /);
  });
});

const isOwn = (namespace: string) => !namespace.startsWith('AWS/');

/**
 * Properties with names that must be unique only within another resource: a policy in a role, a stage in an API, a metric in a
 * namespace.
 */
const INNER = new Set(['PolicyName', 'StageName', 'MetricName']);

/**
 * Returns the names that the template itself gives to resources. CloudFormation makes all other names, from the stack and the
 * logical id.
 */
function physicalNames(resources: Resources): Set<string> {
  return new Set(
    Object.values(resources).flatMap(({ Type, Properties = {} }) =>
      Object.entries(Properties).flatMap(([property, value]) =>
        /Name$/.test(property) && typeof value === 'string' && !INNER.has(property)
          ? `${Type} ${property} ${value}`
          : [],
      ),
    ),
  );
}

/** Returns the metrics of alarms, dashboards and metric filters: namespace, name and dimensions, as JSON. */
function metrics(resources: Resources): Set<string> {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { Namespace, MetricName, Dimensions, MetricNamespace } = value as Record<string, unknown>;
    // Metrics with a name of a resource in their dimensions are omitted. CloudFormation makes these names, so they differ in any
    // case.
    const given = JSON.stringify(Dimensions ?? []);
    if (Namespace && !/"(Ref|Fn::GetAtt)"/.test(given)) found.add(JSON.stringify([Namespace, MetricName, given]));
    if (MetricNamespace) found.add(JSON.stringify([MetricNamespace, MetricName]));
    for (const one of Object.values(value)) look(one);
  };
  look(resources);
  for (const { Type, Properties } of Object.values(resources))
    if (Type === 'AWS::CloudWatch::Dashboard')
      for (const [, namespace, rest] of bodyOf(Properties).matchAll(
        /\["((?!AWS\/)[A-Za-z][^"]*)",("[A-Z][A-Za-z]+"[^\]{]*)/g,
      ))
        found.add(JSON.stringify([namespace, rest]));
  return found;
}

/** Returns the body of a dashboard, without the references to resources in it. */
function bodyOf({ DashboardBody }: Resource['Properties']): string {
  if (typeof DashboardBody === 'string') return DashboardBody;
  const { 'Fn::Join': join } = DashboardBody as { 'Fn::Join': [string, unknown[]] };
  return join[1].filter((part) => typeof part === 'string').join('');
}

/** Returns the secrets that the functions may read, except the secret that CloudFormation names. */
function secrets(resources: Resources): Set<string> {
  return new Set(JSON.stringify(resources).match(/[^":]+-\?{6}/g));
}
