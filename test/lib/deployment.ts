import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { App, type StackProps } from 'aws-cdk-lib/core';
import cdk from '../../cdk.json' with { type: 'json' };
import type { ProviderList } from '../../lambda/providers/registry.ts';
import type { MailoverProps } from '../../lib/mailover-props.ts';
import { MailoverStack } from '../../lib/stack.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: readonly string[];
}

/** Providers for tests: each type, two accounts of one vendor, an SMTP server, and a provider that only receives mail. */
export const PROVIDERS: ProviderList = [
  { key: 'postmark', type: 'postmark', options: {} },
  { key: 'mailgun-us', type: 'mailgun', options: { domain: 'mg.example.com' } },
  { key: 'mailgun-eu', type: 'mailgun', secretName: 'eu/mailgun', options: { domain: 'mg.example.org', region: 'eu' } },
  { key: 'ses-here', type: 'ses', options: { identities: ['example.com'] } },
  {
    key: 'ses-ireland',
    type: 'ses',
    deadlineMs: 15_000,
    options: { region: 'eu-west-1', identities: ['example.com', 'shop@example.org'], configurationSet: 'mailover' },
  },
  { key: 'own-mta', type: 'smtp', share: 0.01, options: { host: 'mta.example.com' } },
  { key: 'inbox', type: 'postmark', outbound: false, options: {} },
];

/**
 * Synthesises a stack for one account and region, without running the bundler or the validation. Before the synthesis, `more` may
 * add resources to the stack.
 */
export function deploy(
  props: Partial<MailoverProps & StackProps> = {},
  more: (stack: MailoverStack) => void = () => {},
): { template: Template; stack: MailoverStack } {
  const outdir = mkdtempSync(join(tmpdir(), 'mailover-stack-'));
  const app = new App({
    outdir,
    context: { ...cdk.context, 'aws:cdk:bundling-stacks': [] },
    builtinCloudFormationValidation: false,
  });
  const env = { account: '123456789012', region: 'us-east-1' };
  const stack = new MailoverStack(app, 'Mailover', {
    env,
    providers: PROVIDERS,
    ...props,
  });
  more(stack);
  return { template: Template.fromStack(stack), stack };
}

/** Returns the resources of a type, by logical id. */
export function resources(template: Template, type: string): Record<string, Resource> {
  return template.findResources(type) as Record<string, Resource>;
}

/** Evaluates intrinsic functions as CloudFormation does: a reference becomes the logical id of its resource. */
export function evaluate(value: unknown): string {
  if (typeof value === 'string') return value;
  const node = value as { Ref?: string; 'Fn::GetAtt'?: string[]; 'Fn::Join'?: [string, unknown[]] };
  if (node['Fn::Join']) return node['Fn::Join'][1].map(evaluate).join(node['Fn::Join'][0]);
  return node.Ref === 'AWS::Partition' ? 'aws' : (node.Ref ?? `${node['Fn::GetAtt']?.join('.')}`);
}

/** Returns the values of a property as a list. In CloudFormation such a property may be a single value or a list. */
export function listOf<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}
