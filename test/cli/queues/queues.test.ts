import { describe, expect, test } from 'vitest';
import { foundQueue, isOf, withClosing } from '../../../cli/queues/found-queue.ts';
import { parseQueuesOptions } from '../../../cli/queues/options.ts';
import { deploy, resources } from '../../lib/deployment.ts';

test('every queue of a template is known by its name', () => {
  const { template } = deploy({
    providers: [
      { key: 'postmark', type: 'postmark', options: {}, inbound: true },
      {
        key: 'ses-here',
        type: 'ses',
        options: { identities: ['example.com'] },
        inbound: { recipients: ['in.example.com'] },
        events: true,
      },
    ],
    events: { url: 'https://example.com/events' },
  });

  const queues = Object.keys(resources(template, 'AWS::SQS::Queue'));

  expect(queues.filter((id) => !isOf('Mailover', `Mailover-${id}-V7W8JNMQ25PW`))).toEqual([]);
});

describe('a queue of the stack Mailover', () => {
  test.each([
    'Mailover-MailoverQueuesOutbound41A8C1D2-V7W8JNMQ25PW',
    'Mailover-MailoverQueuesRetrypostmarkCF82CEDA-YUDDC76KN8VD',
    'Mailover-MailoverInboundSesQueue3DDC2919-HQJ6RSP9IBGM',
    'Mailover-MailoverEventssesDeadLetter859F059B-V7W8JNMQ25PW',
    'Mailover-OurMailQueuesInboundCF82CEDA-YUDDC76KN8VD',
  ])('is %s', (name) => {
    expect(isOf('Mailover', name)).toBe(true);
  });

  test.each([
    'Mailover-eu-MailoverQueuesOutbound41A8C1D2-V7W8JNMQ25PW',
    'Mailover-ShopOrders41A8C1D2-V7W8JNMQ25PW',
    'Mailover-orders',
    'MailoverTest-MailoverQueuesOutbound41A8C1D2-V7W8JNMQ25PW',
    'Shop-MailoverQueuesOutbound41A8C1D2-V7W8JNMQ25PW',
  ])('is not %s', (name) => {
    expect(isOf('Mailover', name)).toBe(false);
  });
});

test('a queue is left behind unless the stack has it, and is as full as its three counts', () => {
  const url = 'https://sqs.us-east-1.amazonaws.com/123456789012/Mailover-MailoverQueuesRetrysesCF82CEDA-YUDDC76KN8VD';
  const attributes = {
    QueueArn: 'arn:aws:sqs:us-east-1:123456789012:retry',
    ApproximateNumberOfMessages: '1',
    ApproximateNumberOfMessagesNotVisible: '2',
    ApproximateNumberOfMessagesDelayed: '4',
  };
  const mappings = [
    { UUID: 'a', EventSourceArn: attributes.QueueArn },
    { UUID: 'b', EventSourceArn: 'another' },
    { UUID: 'c' },
  ];

  expect(foundQueue(url, attributes, new Set([url]), mappings)).toMatchObject({
    left: false,
    messages: 7,
    consumers: ['a'],
  });
  expect(foundQueue(url, attributes, new Set(), mappings)).toMatchObject({ left: true, sends: true, outbound: false });
});

test('closing a queue and opening it again leaves its own policy', () => {
  const own = JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: 'Tls', Effect: 'Deny' }] });
  const closed = withClosing(own, 'arn', true);

  expect(JSON.parse(closed).Statement).toEqual([
    { Sid: 'Tls', Effect: 'Deny' },
    expect.objectContaining({ Effect: 'Deny', Principal: '*', Action: 'sqs:SendMessage', Resource: 'arn' }),
  ]);
  expect(withClosing(closed, 'arn', true)).toBe(closed);
  expect(withClosing(closed, 'arn', false)).toBe(own);
  expect(withClosing(withClosing(undefined, 'arn', true), 'arn', false)).toBe('');
});

test('the command line does one thing, to a stack that could exist', () => {
  expect(parseQueuesOptions([])).toEqual({ what: 'list', stack: 'Mailover', json: false });
  expect(parseQueuesOptions(['--remove', '--stack', 'Staging', '--json'])).toEqual({
    what: 'remove',
    stack: 'Staging',
    json: true,
  });
  expect(parseQueuesOptions(['--help'])).toBeUndefined();
  expect(() => parseQueuesOptions(['--remove', '--close'])).toThrow('give one of --remove and --close');
  expect(() => parseQueuesOptions(['--stack', 'a b'])).toThrow('"a b" cannot be the name of a stack');
  expect(() => parseQueuesOptions(['ses'])).toThrow('unexpected argument "ses"');
});
