import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { App, type StackProps } from 'aws-cdk-lib/core';
import { afterAll } from 'vitest';
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

/** One provider of each type, two accounts of a vendor, an SMTP server, and one that only receives. */
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

const outdirs: string[] = [];
afterAll(() => {
  for (const outdir of outdirs) rmSync(outdir, { recursive: true });
});

/** Synthesises a stack for one account and region, without running the bundler or the validation; `more` adds to the stack first. */
export function deploy(
  props: Partial<MailoverProps & StackProps> = {},
  more: (stack: MailoverStack) => void = () => {},
): { template: Template; stack: MailoverStack } {
  const outdir = mkdtempSync(join(tmpdir(), 'mailover-stack-'));
  outdirs.push(outdir);
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

/** The resources of a type, by logical id. */
export function resources(template: Template, type: string): Record<string, Resource> {
  return template.findResources(type) as Record<string, Resource>;
}

/** Evaluates intrinsic functions as CloudFormation does: references become their logical id. */
export function evaluate(value: unknown): string {
  if (typeof value === 'string') return value;
  const node = value as { Ref?: string; 'Fn::GetAtt'?: string[]; 'Fn::Join'?: [string, unknown[]] };
  if (node['Fn::Join']) return node['Fn::Join'][1].map(evaluate).join(node['Fn::Join'][0]);
  return node.Ref === 'AWS::Partition' ? 'aws' : (node.Ref ?? `${node['Fn::GetAtt']?.join('.')}`);
}

/** The values of a property that CloudFormation takes as one value or a list. */
export function listOf<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}
