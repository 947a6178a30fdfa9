import { expect, test } from 'vitest';
import { allows, type Policy } from '../deploy/policy.ts';

const TABLE = 'arn:aws:dynamodb:us-east-1:123456789012:table/state';
const policy = (statement: object): Policy[] => [
  { Statement: { Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: TABLE, ...statement } },
];
const keys = (...given: string[]) => ({ 'dynamodb:LeadingKeys': given });
const get = { action: 'dynamodb:GetItem', resource: TABLE };
const LEADING = {
  Condition: {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['submission/*'] },
    Null: { 'dynamodb:LeadingKeys': 'false' },
  },
};

// These tests check the matcher that decides, in deployment tests, whether a policy allows a call.
test.each([
  ['its action on its resource', {}, get, true],
  ['another action', {}, { ...get, action: 'dynamodb:PutItem' }, false],
  ['another resource', {}, { ...get, resource: `${TABLE}s` }, false],
  ['an action in another case', {}, { ...get, action: 'DynamoDB:getitem' }, true],
  ['an action by a wildcard', { Action: ['dynamodb:*Item'] }, { ...get, action: 'dynamodb:PutItem' }, true],
  ['a wildcard of one character that is missing', { Resource: `${TABLE}?` }, get, false],
  ['an action that NotAction excepts', { Action: undefined, NotAction: 'dynamodb:Get*' }, get, false],
  ['a key under the prefix', LEADING, { ...get, context: keys('submission/a') }, true],
  ['a key under another prefix beside it', LEADING, { ...get, context: keys('submission/a', 'switch/b') }, false],
  ['a request without keys', LEADING, get, false],
  [
    'a value that must not be equal',
    { Condition: { StringNotEquals: { 'dynamodb:LeadingKeys': 'a' } } },
    { ...get, context: keys('a') },
    false,
  ],
  [
    'a condition on a key that is absent',
    { Condition: { StringEquals: { 'aws:RequestedRegion': 'us-east-1' } } },
    get,
    false,
  ],
  [
    'such a condition with IfExists',
    { Condition: { StringEqualsIfExists: { 'aws:RequestedRegion': 'us-east-1' } } },
    get,
    true,
  ],
] as const)('decides about %s', (_, statement, request, expected) => {
  expect(allows(policy(statement), request)).toBe(expected);
});

test('a statement that denies is stronger than one that allows', () => {
  const deny = { Statement: { Effect: 'Deny', Action: 'dynamodb:*', Resource: '*' } };
  expect(allows([...policy({}), deny], get)).toBe(false);
});

test('an operator that is not known is an error, not a yes', () => {
  expect(() => allows(policy({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }), get)).toThrow(
    'IpAddress',
  );
});
