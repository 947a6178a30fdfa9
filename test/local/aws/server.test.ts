import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AwsServer, startAws } from '../../../local/aws/server.ts';
import { StackClock } from '../../../local/clock.ts';
import { FaultBoard, parseFaults } from '../../../local/faults/faults.ts';
import { ownHosts } from '../../../local/network/own-hosts.ts';

const TIME_SCALE = 60;

let aws: AwsServer;
let faults: FaultBoard;
let sqs: SQSClient;
let s3: S3Client;
let secrets: SecretsManagerClient;

beforeEach(async () => {
  faults = new FaultBoard();
  aws = await startAws({ port: 0, clock: new StackClock(TIME_SCALE), faults, own: ownHosts() });
  const config = {
    endpoint: aws.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  };
  sqs = new SQSClient(config);
  s3 = new S3Client(config);
  secrets = new SecretsManagerClient(config);
});

afterEach(async () => {
  sqs.destroy();
  s3.destroy();
  secrets.destroy();
  await aws.close();
});

const send = (url: string, body: string) => sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }));
const receive = async (url: string, waitSeconds = 5) => {
  const answer = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
    }),
  );
  return answer.Messages?.[0];
};

describe('SQS', () => {
  it('keeps the trace header that the SDK sends from a function in every move', async () => {
    const dead = aws.queues.add('dead', {});
    const source = aws.queues.add('mail', {
      VisibilityTimeout: '1',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 }),
    });
    const trace = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=7:a87bd80c:0';
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'sender');
    vi.stubEnv('_X_AMZN_TRACE_ID', trace);
    await send(source.url, 'one').finally(() => vi.unstubAllEnvs());
    expect((await receive(source.url))?.Attributes).toMatchObject({ AWSTraceHeader: trace });
    // The message has reached the largest receive count. Therefore the next receive moves the message to the dead-letter queue.
    await receive(source.url, 1);
    expect((await receive(dead.url))?.Attributes).toMatchObject({ AWSTraceHeader: trace });
  });

  it('takes the trace header as a system attribute, and no other system attribute', async () => {
    const { url: QueueUrl } = aws.queues.add('mail', {});
    const entry = (name: string) => ({
      QueueUrl,
      MessageBody: 'one',
      MessageSystemAttributes: { [name]: { DataType: 'String', StringValue: 'Root=1-a-b' } },
    });
    await sqs.send(new SendMessageCommand(entry('AWSTraceHeader')));
    expect((await receive(QueueUrl))?.Attributes).toMatchObject({ AWSTraceHeader: 'Root=1-a-b' });
    await expect(sqs.send(new SendMessageCommand(entry('Other')))).rejects.toThrow('Other is invalid');
  });

  it('returns queue URLs with its own address, for any signing region', async () => {
    aws.queues.add('mail', {});
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'mail' }));
    expect(QueueUrl).toBe(`${aws.url}/000000000000/mail`);
    expect(aws.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it.each(['emoji \u{1F600}', 'tab\tline\nreturn\r', '\u{10FFFF}', '\uD7FF\uE000\uFFFD', '\u007F\u0085'])(
    'takes every legal character: %j',
    async (body) => {
      const { url } = aws.queues.add('mail', {});
      await send(url, body);
      expect((await receive(url))?.Body).toBe(body);
    },
  );

  it.each(['\u0000', '\u000B', '\uFFFE', '\uFFFF'])('refuses %j', async (body) => {
    const { url } = aws.queues.add('mail', {});
    await expect(send(url, body)).rejects.toMatchObject({ name: expect.stringMatching(/InvalidMessageContents$/) });
  });

  it('takes ten attributes and no more', async () => {
    const { url } = aws.queues.add('mail', {});
    const sendWith = (count: number) =>
      sqs.send(
        new SendMessageCommand({
          QueueUrl: url,
          MessageBody: 'x',
          MessageAttributes: Object.fromEntries(
            Array.from({ length: count }, (_, place) => [`a${place}`, { DataType: 'String', StringValue: 'x' }]),
          ),
        }),
      );
    await expect(sendWith(10)).resolves.toBeDefined();
    await expect(sendWith(11)).rejects.toMatchObject({ name: expect.stringMatching(/InvalidParameterValue/) });
  });

  it('scales the visibility time-out', async () => {
    const { url } = aws.queues.add('mail', { VisibilityTimeout: '30' });
    await send(url, 'again');
    const first = await receive(url);
    const began = Date.now();
    const second = await receive(url);
    expect(second?.MessageId).toBe(first?.MessageId);
    expect(second?.Attributes?.['ApproximateReceiveCount']).toBe('2');
    const waited = Date.now() - began;
    expect(waited).toBeGreaterThan(300);
    expect(waited).toBeLessThan(3000);
  });

  it('scales delays', async () => {
    const { url } = aws.queues.add('mail', {});
    const began = Date.now();
    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'late', DelaySeconds: 60 }));
    expect((await receive(url))?.Body).toBe('late');
    expect(Date.now() - began).toBeGreaterThan(900);
    expect(Date.now() - began).toBeLessThan(4000);
  });

  it('drops a message after its scaled retention', async () => {
    const { url } = aws.queues.add('mail', { MessageRetentionPeriod: '60' });
    await send(url, 'old');
    await expect
      .poll(
        async () =>
          (
            await sqs.send(
              new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages'] }),
            )
          ).Attributes?.['ApproximateNumberOfMessages'],
        { timeout: 5000 },
      )
      .toBe('0');
  });

  it('takes the latest receipt handle after the visibility time-out', async () => {
    const { url } = aws.queues.add('mail', { VisibilityTimeout: '6' });
    await send(url, 'slow');
    const message = await receive(url);
    const queue = aws.queues.getQueue(url);
    await expect.poll(() => queue?.getAttribute('ApproximateNumberOfMessages')).toBe('1');
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle }));
    expect(queue?.getAttribute('ApproximateNumberOfMessages')).toBe('0');
  });

  it('redrives a message that its redrive policy moved to its source queue', async () => {
    const dead = aws.queues.add('dead', {});
    const policy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 });
    const { url } = aws.queues.add('mail', { VisibilityTimeout: '0', RedrivePolicy: policy });
    await send(url, 'poison');
    const first = await receive(url);
    expect(await receive(url, 0)).toBeUndefined();
    expect(dead.getAttribute('ApproximateNumberOfMessages')).toBe('1');
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn }));
    const back = await receive(url);
    expect(back?.Body).toBe('poison');
    expect(back?.Attributes?.['ApproximateReceiveCount']).toBe('1');
    expect(back?.MessageId).not.toBe(first?.MessageId);
    const { Results } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn: dead.arn }));
    expect(Results).toMatchObject([{ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 1 }]);
  });

  it('cannot redrive a message that was sent to the dead-letter queue without a destination', async () => {
    const dead = aws.queues.add('dead', {});
    const policy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 });
    const mail = aws.queues.add('mail', { RedrivePolicy: policy });
    await send(dead.url, 'ours');
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn }));
    const list = () => sqs.send(new ListMessageMoveTasksCommand({ SourceArn: dead.arn }));
    await expect.poll(async () => (await list()).Results?.[0]?.FailureReason).toBe('CouldNotDetermineMessageSource');
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn, DestinationArn: mail.arn }));
    expect((await receive(mail.url))?.Body).toBe('ours');
  });

  it('refuses to redrive a queue that is no dead-letter queue', async () => {
    const { arn } = aws.queues.add('mail', {});
    await expect(sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arn }))).rejects.toThrow(/Dead Letter Queue/);
  });
});

describe('S3', () => {
  it('keeps an object above the limit of fauxqs, and returns it for an unsigned read', async () => {
    aws.buckets.createBucket('mailbox');
    const body = Buffer.alloc(20 * 1024 * 1024, 7);
    await s3.send(new PutObjectCommand({ Bucket: 'mailbox', Key: 'a/b.bin', Body: body }));
    const response = await fetch(`${aws.url}/mailbox/a/b.bin`);
    expect(body.equals(Buffer.from(await response.arrayBuffer()))).toBe(true);
  });
});

it.each(['application/x-www-form-urlencoded', 'application/x-amz-json-1.0', 'multipart/form-data; boundary=x'])(
  'keeps an object of type %s unchanged',
  async (ContentType) => {
    aws.buckets.createBucket('mailbox');
    const Body = Buffer.from('a=%ff&b={');
    await s3.send(new PutObjectCommand({ Bucket: 'mailbox', Key: 'raw', Body, ContentType }));
    const object = await s3.send(new GetObjectCommand({ Bucket: 'mailbox', Key: 'raw' }));
    expect(object.ContentType).toBe(ContentType);
    expect(await object.Body?.transformToString()).toBe('a=%ff&b={');
  },
);

describe('Secrets Manager', () => {
  it('returns a secret by name, and an error for a missing secret', async () => {
    aws.secrets.set('mailover/postmark', { serverToken: 'made up' });
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: 'mailover/postmark' }));
    expect(JSON.parse(SecretString ?? '')).toEqual({ serverToken: 'made up' });
    await expect(secrets.send(new GetSecretValueCommand({ SecretId: 'mailover/none' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('faults', () => {
  it('answers one operation with an error of the SDK, the given number of times', async () => {
    const { url } = aws.queues.add('mail', {});
    await faults.set(
      'aws',
      parseFaults({ service: 'sqs', operation: 'SendMessage', error: 'ServiceUnavailable', times: 1 }),
    );
    await expect(send(url, 'x')).rejects.toMatchObject({
      name: 'ServiceUnavailable',
      $metadata: { httpStatusCode: 503 },
    });
    await send(url, 'x');
    expect(faults.get('aws')).toMatchObject([{ hits: 1 }]);
  });

  it('names S3 operations as the SDK does', async () => {
    aws.buckets.createBucket('mailbox');
    await faults.set('aws', parseFaults({ service: 's3', operation: 'GetObject', error: 'SlowDown' }));
    await s3.send(new PutObjectCommand({ Bucket: 'mailbox', Key: 'k', Body: 'x' }));
    await expect(s3.send(new GetObjectCommand({ Bucket: 'mailbox', Key: 'k' }))).rejects.toMatchObject({
      name: 'SlowDown',
      $metadata: { httpStatusCode: 503 },
    });
  });

  it('reaches secrets', async () => {
    await faults.set('aws', parseFaults({ service: 'secrets', error: 'InternalServiceError' }));
    await expect(secrets.send(new GetSecretValueCommand({ SecretId: 'x' }))).rejects.toMatchObject({
      name: 'InternalServiceError',
      $metadata: { httpStatusCode: 500 },
    });
  });
});
