import { expect, test } from 'vitest';
import { givenWorld, postmarkMail, postmarkRequest, type World } from './world.ts';

const MIME = [
  'Return-Path: <ada@example.org>',
  'X-SES-Spam-Verdict: PASS',
  'From: Ada <ada@example.org>',
  'To: Box <box+abc@in.example.com>',
  'Subject: Hello',
  'Date: Wed, 25 Nov 2026 11:59:00 +0000',
  'Message-ID: <one@example.com>',
  '',
  'A text.',
].join('\r\n');

// Follows the example in docs.aws.amazon.com/ses, receiving-email-notifications-examples (2026-11-25).
const notification = (overrides: object = {}) => ({
  notificationType: 'Received',
  receipt: {
    timestamp: '2026-11-25T11:59:50.000Z',
    processingTimeMillis: 222,
    recipients: ['box+abc@in.example.com'],
    spamVerdict: { status: 'PASS' },
    virusVerdict: { status: 'PASS' },
    spfVerdict: { status: 'PASS' },
    dkimVerdict: { status: 'GRAY' },
    dmarcVerdict: { status: 'FAIL' },
    action: {
      type: 'S3',
      topicArn: 'arn',
      bucketName: 'mail',
      objectKeyPrefix: 'inbound/ses/',
      objectKey: 'inbound/ses/d6iit',
    },
    ...overrides,
  },
  mail: { timestamp: '2026-11-25T11:59:50.000Z', source: 'ada@example.org', messageId: 'd6iit', destination: [] },
});

function givenObject(world: World, mime = MIME): void {
  world.objects.set('inbound/ses/d6iit', { content: Buffer.from(mime), contentType: '' });
}

test('mail over SES becomes the same message, with the verdicts of the notification and the object as raw form', async () => {
  const world = givenWorld();
  givenObject(world);
  await world.takeReceived(notification());
  await world.receive(postmarkRequest(postmarkMail()));

  expect(world.messages()).toMatchObject([
    {
      provider: 'ses',
      providerMessageId: 'd6iit',
      envelope: { from: 'ada@example.org', to: ['box+abc@in.example.com'] },
      subject: 'Hello',
      text: 'A text.',
      plusPart: 'abc',
      raw: { form: 'mime', s3: { bucket: 'mail', key: 'inbound/ses/d6iit' } },
      spam: { verdict: 'pass' },
      authentication: { spf: 'pass', dkim: 'neutral', dmarc: 'fail' },
    },
  ]);
  expect(world.metrics).toContainEqual({ name: 'InboundAge', value: 10, outcome: undefined });
});

test('each recipient gets a copy, and a virus counts as spam', async () => {
  const world = givenWorld();
  givenObject(world);
  await world.takeReceived(
    notification({ recipients: ['a@in.example.com', 'b@in.example.com'], virusVerdict: { status: 'FAIL' } }),
  );
  expect(world.messages().map(({ envelope, spam }) => [envelope.to, spam?.verdict])).toEqual([
    [['a@in.example.com'], 'fail'],
    [['b@in.example.com'], 'fail'],
  ]);
});

test('what cannot be processed now stays on its queue, and what is no mail goes to the dead-letter queue', async () => {
  const world = givenWorld();
  await expect(world.takeReceived(notification())).rejects.toThrow('no such object');
  givenObject(world);
  world.fault = () => {
    throw new Error('away');
  };
  await expect(world.takeReceived(notification())).rejects.toThrow('away');
  world.fault = () => {};
  await world.takeReceived(notification());
  expect(world.queue).toHaveLength(1);
  expect(world.metrics.filter(({ name }) => name === 'InboundRequests').map(({ outcome }) => outcome)).toEqual([
    'failed',
    'failed',
    'delivered',
  ]);

  await expect(world.takeReceived(notification({ action: { bucketName: 'other', objectKey: 'x' } }))).rejects.toThrow();
  await expect(world.takeReceived({ notificationType: 'Bounce' })).rejects.toThrow();
  await world.takeReceived('Successfully validated SNS topic for Amazon SES event publishing.');
});
