import { randomUUID } from 'node:crypto';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, SendMessageCommand, StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localAws } from '../support/open-stack.ts';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

let stack: RunningStack;
let secrets: SecretsManagerClient;

beforeAll(async () => {
  stack = await givenStack(240);
  secrets = new SecretsManagerClient(localAws(stack.info.endpoints.aws));
}, 60_000);

afterAll(async () => {
  await stack?.close();
});

const mail = { version: 1, from: 'a@example.com', to: ['b@example.org'], subject: 'redrive', text: 'hello' };
const BAD = { respond: { status: 422, body: '{"ErrorCode":300,"Message":"Invalid email request"}' } };
const BAD_AT_MAILGUN = { respond: { status: 400, body: '{"message":"to parameter is not a valid address"}' } };

async function put(body: object, attributes: Record<string, string> = {}): Promise<string> {
  const { MessageId = '' } = await stack.sqs.send(
    new SendMessageCommand({
      QueueUrl: stack.info.queues.outbound,
      MessageBody: JSON.stringify(body),
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
      ),
    }),
  );
  return MessageId;
}

const arnOf = async (QueueUrl: string): Promise<string> => {
  const { Attributes } = await stack.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  return Attributes?.['QueueArn'] ?? '';
};

/** Starts a redrive from the dead-letter queue to the queue `destination`, as an operator does. */
async function redrive(destination: string): Promise<void> {
  await stack.sqs.send(
    new StartMessageMoveTaskCommand({
      SourceArn: await arnOf(stack.info.queues.deadLetter),
      DestinationArn: await arnOf(destination),
    }),
  );
}

/** Sends a mail that two providers refuse, and waits until the mail is on the dead-letter queue. */
async function refused(body: object): Promise<string> {
  await stack.breakProvider('postmark', BAD);
  await stack.breakProvider('mailgun', BAD_AT_MAILGUN);
  const id = await put({ ...body, providers: { only: ['postmark', 'mailgun'] } });
  await stack.until(async () => (await stack.depth([stack.info.queues.deadLetter])) > 0);
  await stack.repairAll();
  return id;
}

describe('attributes on the outbound queue', () => {
  it('are not trusted: they set neither the id of the mail nor the recipients that are done', {
    timeout: 60_000,
  }, async () => {
    const id = await put(mail, {
      SubmissionId: `${randomUUID()}\r\nBcc: everybody@example.net`,
      Reason: 'Refused',
      Done: '0',
      NotBefore: '2100-01-01T00:00:00Z',
      Proof: 'A'.repeat(43),
    });

    const [entry] = await stack.accepted([id]);
    expect(entry?.envelope.to).toEqual(['b@example.org']);
    expect(entry?.headers.filter(([name]) => /bcc/i.test(name))).toEqual([]);
  });
});

describe('a redrive by SQS', () => {
  it.each(['outbound', 'retry'] as const)(
    'sends a dead letter without an id in its body through the %s queue, with the same id',
    { timeout: 90_000 },
    async (queue) => {
      const id = await refused(mail);
      expect(await stack.entries(id)).toEqual([]);

      await redrive(queue === 'retry' ? (stack.info.queues.retry['mailgun'] ?? '') : stack.info.queues.outbound);

      expect(await stack.accepted([id])).toHaveLength(1);
      expect((await stack.submission(id))?.attempts).toHaveLength(3);
      await stack.until(async () => (await stack.depth([stack.info.queues.deadLetter])) === 0);
    },
  );

  it('sends a dead letter with the same id after the key was rotated on the running stack', {
    timeout: 90_000,
  }, async () => {
    const id = await refused(mail);
    const SecretId = 'mailover-proof-key';
    const { SecretString = '{}' } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    const { key } = JSON.parse(SecretString) as { key: string };
    await secrets.send(
      new PutSecretValueCommand({
        SecretId,
        SecretString: JSON.stringify({ key: 'a-key-of-tomorrow', previousKey: key }),
      }),
    );

    await redrive(stack.info.queues.outbound);
    expect(await stack.accepted([id])).toHaveLength(1);
    expect((await stack.submission(id))?.attempts).toHaveLength(3);
  });
});
