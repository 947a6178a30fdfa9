import { App, Stack } from 'aws-cdk-lib/core';
import { expect, test } from 'vitest';
import { LOCAL_STACK } from '../../lambda/contract/deployment.ts';
import { Mailover } from '../../lib/mailover.ts';
import type { MailoverProps } from '../../lib/mailover-props.ts';
import { deploy, PROVIDERS, type Resource } from './deployment.ts';

const LIVE = { stage: 'live', account: '123456789012', monitoring: { page: 'elsewhere' } } as const;

function facts(props: Partial<MailoverProps>) {
  const { template } = deploy(props);
  const { Resources: resources, Outputs: outputs } = template.toJSON() as {
    Resources: Record<string, Resource>;
    Outputs: Record<string, { Value: string; Description: string }>;
  };
  const variables = Object.values(resources).flatMap(({ Type, Properties }) =>
    Type === 'AWS::Lambda::Function'
      ? [(Properties['Environment'] as { Variables: Record<string, string> }).Variables]
      : [],
  );
  return {
    stages: [...new Set(variables.map(({ MAILOVER_STAGE }) => MAILOVER_STAGE))],
    targets: [...new Set(variables.map(({ MAILOVER_REDIRECT_TO }) => MAILOVER_REDIRECT_TO))],
    output: `${outputs['Stage']?.Value}: ${outputs['Stage']?.Description}`,
    dashboard: JSON.stringify(template.findResources('AWS::CloudWatch::Dashboard')),
  };
}

test('a deployment is a sandbox unless it says otherwise; every function, the outputs and the dashboard say so', () => {
  const { stages, targets, output, dashboard } = facts({});
  expect([stages, targets]).toEqual([['sandbox'], [undefined]]);
  expect(output).toBe('sandbox: Sandbox: no mail is delivered, each provider only tests the request');
  expect(dashboard).toContain('## Sandbox: no mail is delivered');
});

test('the stage redirect has one address', () => {
  const { stages, targets, output, dashboard } = facts({ stage: 'redirect', redirectTo: 'dev@example.net' });
  expect([stages, targets]).toEqual([['redirect'], ['dev@example.net']]);
  expect(output).toMatch(/^redirect: Redirect: no mail reaches its recipients/);
  expect(dashboard).toContain('## Redirect: no mail reaches its recipients');
  // The address is only in the configuration of the functions. No output and no dashboard shows it.
  expect(output + dashboard).not.toContain('dev@example.net');
});

test('the stage live has no other address, and no warning', () => {
  const { stages, targets, output, dashboard } = facts({ ...LIVE, redirectTo: 'dev@example.net' });
  expect([stages, targets]).toEqual([['live'], [undefined]]);
  expect(output).toMatch(/^live: Mail is delivered/);
  expect(dashboard).not.toMatch(/Sandbox|Redirect/);
});

test.each<[string, RegExp, Partial<MailoverProps>]>([
  ['live without an account', /account: is missing/, { ...LIVE, account: undefined as never }],
  [
    'live in another account',
    /only the AWS account 210987654321 may deliver mail, and the stack is for 123456789012/,
    { ...LIVE, account: '210987654321' },
  ],
  ['live with silent alarms', /monitoring\.page: alarms would reach no target/, { ...LIVE, monitoring: {} }],
  ['redirect without an address', /redirectTo: is missing/, { stage: 'redirect' }],
  [
    'redirect to a list',
    /redirectTo: must be one address/,
    { stage: 'redirect', redirectTo: 'a@example.net, b@example.net' },
  ],
])('%s is refused', (_, reason, props) => {
  expect(() => deploy(props)).toThrow(reason);
});

test('live in a stack that may be deployed to any account is refused', () => {
  const stack = new Stack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'Anywhere');
  expect(() => new Mailover(stack, 'Mailover', { providers: PROVIDERS, ...LIVE })).toThrow(/give its `env`/);
});

test.each([{}, { stage: 'redirect' as const }, { stage: 'live' as const }])(
  'on a local stack every stage is local, without an account: %j',
  (props) => {
    const app = new App({ context: { 'aws:cdk:bundling-stacks': [], [LOCAL_STACK]: true } });
    const { stage } = new Mailover(new Stack(app, 'Local'), 'Mailover', { providers: PROVIDERS, ...props });
    expect(stage).toBe('local');
  },
);
