import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { PermissionsBoundary } from 'aws-cdk-lib/core';
import { expect, test } from 'vitest';
import type { MailoverProps } from '../../lib/mailover-props.ts';
import { deploy, PROVIDERS, type Resource, resources } from './deployment.ts';

const LIVE: Partial<MailoverProps> = { stage: 'live', account: '123456789012', monitoring: { page: 'elsewhere' } };

test('a stack that sends real mail is protected from deletion, and others are not', () => {
  expect(deploy(LIVE).stack.terminationProtection).toBe(true);
  expect(deploy().stack.terminationProtection).toBe(false);
});

test('a throw-away deployment keeps nothing when it is deleted', () => {
  const all = deploy({ throwAway: true }).template.toJSON()['Resources'] as Record<string, Resource>;
  const kept = Object.entries(all).filter(
    ([, { DeletionPolicy, UpdateReplacePolicy }]) =>
      ![DeletionPolicy, UpdateReplacePolicy].every((policy) => policy === undefined || policy === 'Delete'),
  );
  expect(kept.map(([id]) => id)).toEqual([]);
  expect(JSON.stringify(all)).not.toContain('"DeletionProtectionEnabled":true');
});

test('a throw-away deployment is refused in the stage live', () => {
  expect(() => deploy({ ...LIVE, throwAway: true })).toThrow(/throwAway: is not allowed/);
});

test('the permissions boundary is on every role, and the stack has the tags, which CloudFormation gives to everything in it', () => {
  const { template, stack } = deploy({
    permissionsBoundary: PermissionsBoundary.fromName('developers'),
    tags: { team: 'mail' },
  });
  const roles = Object.values(resources(template, 'AWS::IAM::Role'));
  expect(roles).not.toEqual([]);
  for (const { Properties } of roles)
    expect(JSON.stringify(Properties['PermissionsBoundary'])).toContain('policy/developers');
  expect(stack.tags.tagValues()).toEqual({ team: 'mail' });
});

test('a From domain that one provider alone may send from is named in a warning', () => {
  const ses = PROVIDERS.find(({ key }) => key === 'ses-here');
  const mailgun = {
    key: 'mailgun',
    type: 'mailgun',
    options: { domain: 'mg.example.com' },
    fromDomains: ['example.org'],
  } as const;
  if (ses === undefined) throw new Error('the list lacks ses-here');
  const { stack } = deploy({ providers: [ses, mailgun] });
  const warnings = Annotations.fromStack(stack)
    .findWarning('*', Match.anyValue())
    .map(({ entry }) => String(entry.data));
  expect(warnings.filter((text) => text.includes('may be sent through')).sort()).toEqual([
    expect.stringContaining('Mail from example.com may be sent through ses-here only'),
    expect.stringContaining('Mail from example.org may be sent through mailgun only'),
  ]);
  const silent = Annotations.fromStack(deploy().stack).findWarning('*', Match.stringLikeRegexp('may be sent through'));
  expect(silent).toEqual([]);
});
