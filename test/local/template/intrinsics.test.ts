import { describe, expect, it } from 'vitest';
import { resolve, type Scope } from '../../../local/template/intrinsics.ts';

const scope: Scope = {
  stackName: 'Mail',
  resource: (id) =>
    id === 'Queue' ? { ref: 'http://queue', attributes: { Arn: 'arn:queue', QueueName: 'q' } } : undefined,
  parameter: (name) => (name === 'Stage' ? 'test' : undefined),
  condition: (name) => (name === 'IsTest' ? { 'Fn::Equals': [{ Ref: 'Stage' }, 'test'] } : undefined),
  mapping: (...path) => path.join('/'),
  imported: (name) => `imported ${name}`,
};

describe('resolve', () => {
  it.each([
    [{ Ref: 'Queue' }, 'http://queue'],
    [{ Ref: 'Stage' }, 'test'],
    [{ Ref: 'AWS::AccountId' }, '000000000000'],
    [{ 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:queue'],
    [{ 'Fn::GetAtt': 'Queue.QueueName' }, 'q'],
    [{ 'Fn::Join': ['', ['{"url":"', { Ref: 'Queue' }, '"}']] }, '{"url":"http://queue"}'],
    [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own placeholders
      { 'Fn::Sub': ['${Queue.Arn} ${Own} ${!Raw} ${AWS::StackName}', { Own: { Ref: 'Stage' } }] },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as above
      'arn:queue test ${Raw} Mail',
    ],
    [{ 'Fn::Select': [1, { 'Fn::Split': [':', { 'Fn::GetAtt': ['Queue', 'Arn'] }] }] }, 'queue'],
    [{ 'Fn::If': ['IsTest', 'yes', 'no'] }, 'yes'],
    [{ 'Fn::FindInMap': ['a', { Ref: 'Stage' }, 'c'] }, 'a/test/c'],
    [{ 'Fn::ImportValue': 'x' }, 'imported x'],
    [{ a: { Ref: 'AWS::NoValue' }, b: [{ Ref: 'Queue' }, { Ref: 'AWS::NoValue' }] }, { b: ['http://queue'] }],
  ])('%j', (value, expected) => {
    expect(resolve(value, scope)).toEqual(expected);
  });

  it('names the reference or function that it cannot evaluate', () => {
    expect(() => resolve({ Ref: 'Nobody' }, scope)).toThrow(/Nobody/);
    expect(() => resolve({ 'Fn::Cidr': [] }, scope)).toThrow(/Fn::Cidr/);
  });
});
