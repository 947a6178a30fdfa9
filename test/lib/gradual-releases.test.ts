import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, test } from 'vitest';
import cdk from '../../cdk.json' with { type: 'json' };
import type { ProviderList } from '../../lambda/providers/registry.ts';
import { releasesOf } from '../../lib/configuration/releases.ts';
import type { MailoverProps } from '../../lib/mailover-props.ts';
import { MailoverStack } from '../../lib/stack.ts';
import { deploy, type Resource } from './deployment.ts';
import { EVERYTHING } from './monitoring/everything.ts';

const LIVE = { stage: 'live', account: '123456789012', monitoring: { page: 'elsewhere' } } as const;
/** Time-out in milliseconds for a test that synthesises a template on a busy machine. */
const PATIENCE = 60_000;
const RELEASED = ['Sender', 'Inbound', 'Events'];

function resourcesOf(props: Partial<MailoverProps> = {}): Record<string, Resource> {
  return deploy({ providers: EVERYTHING, ...props }).template.toJSON()['Resources'];
}

const live = resourcesOf(LIVE);
const idsOf = (all: Record<string, Resource>, type: string) =>
  Object.entries(all).flatMap(([id, { Type }]) => (Type === type ? id : []));

/** Returns the ids of the resources that a part of the template names. */
function named(part: unknown): string[] {
  if (Array.isArray(part)) return part.flatMap(named);
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) => {
    if (key === 'Ref') return String(value);
    if (key === 'Fn::GetAtt') return String(Array.isArray(value) ? value[0] : value);
    return named(value);
  });
}

test('everything that invokes the sender, the receiver and the events function invokes its alias', () => {
  const callers = ['AWS::Lambda::EventSourceMapping', 'AWS::ApiGatewayV2::Integration', 'AWS::Lambda::Permission'];
  const invoked = callers.flatMap((type) =>
    idsOf(live, type).flatMap((id) => {
      const { FunctionName, IntegrationUri } = live[id]?.Properties ?? {};
      return named([FunctionName, IntegrationUri]);
    }),
  );
  const aliases = idsOf(live, 'AWS::Lambda::Alias');

  expect(aliases).toHaveLength(RELEASED.length);
  for (const name of RELEASED) {
    expect(invoked.filter((id) => id.startsWith(`Mailover${name}Alias`)).length, name).toBeGreaterThan(1);
    expect(
      invoked.filter((id) => id.startsWith(`Mailover${name}Function`)),
      name,
    ).toEqual([]);
  }
  // A function that runs only on a schedule has no alias. Therefore its schedule rules invoke the function directly.
  expect(invoked.filter((id) => id.startsWith('MailoverHealthFunction')).length).toBeGreaterThan(0);
});

test('a new version takes a tenth of the invocations first, and goes back on an alarm', () => {
  for (const name of RELEASED) {
    const [group = ''] = idsOf(live, 'AWS::CodeDeploy::DeploymentGroup').filter((id) =>
      id.startsWith(`MailoverReleases${name}`),
    );
    const alias = Object.entries(live).find(([id]) => id.startsWith(`Mailover${name}Alias`))?.[1] as Resource & {
      readonly UpdatePolicy?: unknown;
    };

    expect(live[group]?.Properties).toMatchObject({
      DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent15Minutes',
      AutoRollbackConfiguration: { Enabled: true, Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'] },
    });
    expect(named(alias.UpdatePolicy)).toEqual([idsOf(live, 'AWS::CodeDeploy::Application')[0], group]);
    expect(named(alias.Properties['FunctionVersion'])[0]).toMatch(`Mailover${name}FunctionCurrentVersion`);
  }
});

/** Returns the titles of the alarms of a deployment group, each with its provider. */
function alarmsOf(name: string, all: Record<string, Resource>): string[] {
  const [, group] = Object.entries(all).find(([id]) => id.startsWith(`MailoverReleases${name}`)) ?? [];
  return named(group?.Properties['AlarmConfiguration']).map((id) =>
    String(all[id]?.Properties['AlarmName']).replace(/^Mailover\//, ''),
  );
}

test('the alarms are those of the function, and those of each provider on a part of the mail', () => {
  expect(alarmsOf('Sender', live)).toEqual([
    'SenderErrors',
    'SenderTimeouts',
    ...EVERYTHING.map(({ key }) => `${key}/SomeFailures`),
  ]);
  expect(alarmsOf('Inbound', live)).toEqual([
    'InboundErrors',
    ...EVERYTHING.map(({ key }) => `${key}/InboundFailures`),
  ]);
  expect(alarmsOf('Events', live)).toEqual(['EventsErrors', ...EVERYTHING.map(({ key }) => `${key}/EventsFailed`)]);

  const small = resourcesOf({ ...LIVE, monitoring: { page: 'elsewhere', size: 'small' } });
  expect(alarmsOf('Sender', small)).toEqual(EVERYTHING.map(({ key }) => `${key}/Faults`));
});

test(
  'a deployment group has at most ten alarms, whatever the number of providers',
  () => {
    const providers: ProviderList = Array.from({ length: 10 }, (_, place) => ({
      key: `p${place}`,
      type: 'postmark' as const,
      options: {},
    }));
    const sender = alarmsOf('Sender', resourcesOf({ ...LIVE, providers }));

    expect(sender).toHaveLength(10);
    expect(sender.slice(0, 3)).toEqual(['SenderErrors', 'SenderTimeouts', 'p0/SomeFailures']);
  },
  PATIENCE,
);

test.each([
  ['the stage sandbox', {}, 0],
  ['the stage live, with releases at once', { ...LIVE, releases: 'at-once' }, 0],
  ['the stage sandbox, with gradual releases', { releases: 'gradual' }, 3],
] as const)(
  '%s has %j: %i aliases',
  (_, props, aliases) => {
    const all = resourcesOf(props);

    expect(idsOf(all, 'AWS::Lambda::Alias')).toHaveLength(aliases);
    expect(idsOf(all, 'AWS::CodeDeploy::DeploymentGroup')).toHaveLength(aliases);
  },
  PATIENCE,
);

test('a deployment without received mail and events has only the sender to release', () => {
  const all = resourcesOf({ ...LIVE, providers: [{ key: 'postmark', type: 'postmark', options: {} }] });

  expect(idsOf(all, 'AWS::CodeDeploy::DeploymentGroup').map((id) => id.slice(0, 22))).toEqual([
    'MailoverReleasesSender',
  ]);
});

test('a local stack has one version of each function, whatever the configuration says', () => {
  expect([releasesOf('gradual', 'local'), releasesOf(undefined, 'local')]).toEqual(['at-once', 'at-once']);
});

test('another word is refused', () => {
  expect(() => resourcesOf({ releases: 'slowly' as never })).toThrow('releases: must be one of gradual, at-once');
});

test('no resource of the template waits for itself', () => {
  const state = new Map<string, 'open' | 'done'>();
  const cycle = (id: string, way: readonly string[]): readonly string[] | undefined => {
    if (state.get(id) === 'done' || live[id] === undefined) return undefined;
    if (state.get(id) === 'open') return [...way, id];
    state.set(id, 'open');
    const { DependsOn = [], ...resource } = live[id];
    for (const next of new Set([...named(resource), ...DependsOn])) {
      const found = cycle(next, [...way, id]);
      if (found) return found;
    }
    state.set(id, 'done');
    return undefined;
  };

  expect(
    Object.keys(live)
      .map((id) => cycle(id, []))
      .find((one) => one !== undefined),
  ).toBeUndefined();
});

test(
  'the rules of cdk-nag find nothing in a live deployment',
  () => {
    const outdir = mkdtempSync(join(tmpdir(), 'mailover-live-'));
    try {
      const app = new App({ outdir, context: { ...cdk.context, 'aws:cdk:bundling-stacks': [] } });
      const env = { account: LIVE.account, region: 'us-east-1' };
      new MailoverStack(app, 'Mailover', { env, providers: EVERYTHING, ...LIVE });
      Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
      app.synth();
      // If nothing was validated, this file does not exist.
      const { pluginReports } = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as {
        readonly pluginReports: readonly { readonly violations: readonly unknown[] }[];
      };
      expect(pluginReports.flatMap(({ violations }) => violations)).toEqual([]);
    } finally {
      rmSync(outdir, { recursive: true });
    }
  },
  PATIENCE,
);
