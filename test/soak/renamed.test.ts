import { readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { CreateQueueCommand, type Message, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { senderEnvironment } from '../../lambda/contract/environment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { FunctionProcess } from '../../local/lambda/worker.ts';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

// These tests change the provider keys by a deployment while the result of an attempt is unknown. They run the bundled sender
// function first with the provider list before the deployment, and then with the list after it. Both use the state table and the
// simulated providers of a running local stack.

const TIME_SCALE = 120;
let stack: RunningStack;

beforeAll(async () => {
  stack = await givenStack(TIME_SCALE, 'test/flow/apps/accounts.ts');
  deployed = readDeployed();
}, 60_000);
afterEach(() => stack.repairAll());
afterAll(() => stack?.close());

/** An entry of a provider list. `account` is the key of the simulated provider whose endpoint and secret the entry uses. */
type Entry = ProviderConfig & { readonly account: string };
const postmark = (key: string, account = 'postmark', messageStream = 'outbound'): Entry => ({
  key,
  account,
  type: 'postmark',
  options: { messageStream },
});
const mailgun = (key: string, account = 'mailgun', domain = 'mg.example.com'): Entry => ({
  key,
  account,
  type: 'mailgun',
  options: { domain },
});
const ses = (key: string, region = 'us-east-1'): Entry => ({
  key,
  account: 'ses',
  type: 'ses',
  options: { identities: ['example.com'], region },
});
const smtp = (key: string, host = 'mta.example.com'): Entry => ({
  key,
  account: 'own-mta',
  type: 'smtp',
  options: { host, clientName: 'mailover.example.com' },
});

it.each<[what: string, lost: string, before: Entry[], after: Entry[]]>([
  ['the key is new', 'postmark', [postmark('postmark'), mailgun('mailgun')], [postmark('pm-new'), mailgun('mailgun')]],
  [
    'the key is new, behind others',
    'postmark',
    [postmark('postmark'), mailgun('mailgun')],
    [mailgun('mailgun'), ses('ses'), postmark('pm-new')],
  ],
  ['the key is new, alone', 'postmark', [postmark('postmark'), mailgun('mailgun')], [postmark('pm-new')]],
  [
    'two accounts have exchanged their keys',
    'postmark',
    [postmark('postmark'), postmark('other', 'postmark-b')],
    [postmark('other'), postmark('postmark', 'postmark-b')],
  ],
  [
    'another account has the old key',
    'postmark',
    [postmark('postmark'), mailgun('mailgun')],
    [postmark('postmark', 'postmark-b'), postmark('pm-old'), mailgun('mailgun')],
  ],
  [
    'another type has the old key',
    'postmark',
    [postmark('postmark'), mailgun('mailgun')],
    [mailgun('postmark'), postmark('pm-old')],
  ],
  [
    'one of two keys of the account is left',
    'postmark',
    [postmark('one'), postmark('two')],
    [mailgun('mailgun'), postmark('two')],
  ],
  [
    'the stream of the key has changed',
    'postmark',
    [postmark('postmark'), mailgun('mailgun')],
    [postmark('postmark', 'postmark', 'receipts'), mailgun('mailgun')],
  ],
  [
    'the key of a domain is new',
    'mailgun',
    [mailgun('mailgun'), postmark('postmark')],
    [postmark('postmark'), mailgun('mg-new')],
  ],
  [
    'two domains have exchanged their keys',
    'mailgun',
    [mailgun('mailgun'), mailgun('other', 'mailgun-b', 'mg.example.net')],
    [mailgun('mailgun', 'mailgun-b', 'mg.example.net'), mailgun('other')],
  ],
])('%s: the account is asked, and the mail is not sent again', { timeout: 120_000 }, async (_, lost, before, after) => {
  const id = await loseAnswer(lost, before);

  await finish(after);

  expect((await stack.entries(id)).map(({ provider }) => provider)).toEqual([lost]);
  expect(await stack.submission(id)).toMatchObject({
    state: 'accepted',
    attempts: [{ outcome: 'accepted', reason: 'found' }],
  });
});

it.each<[what: string, lost: string, before: Entry[], after: Entry[]]>([
  ['the account has left', 'postmark', [postmark('postmark'), mailgun('mailgun')], [mailgun('mailgun')]],
  ['its key belongs to another type', 'postmark', [postmark('postmark'), mailgun('mailgun')], [mailgun('postmark')]],
  ['SES has another key', 'ses', [ses('ses'), mailgun('mailgun')], [ses('ses-new'), mailgun('mailgun')]],
  ['SES has another region', 'ses', [ses('ses'), mailgun('mailgun')], [ses('ses', 'eu-west-1'), mailgun('mailgun')]],
  ['a server has another key', 'own-mta', [smtp('own-mta'), mailgun('mailgun')], [smtp('mta-new'), mailgun('mailgun')]],
  [
    'a server has another host',
    'own-mta',
    [smtp('own-mta'), mailgun('mailgun')],
    [smtp('own-mta', 'mta2.example.com'), mailgun('mailgun')],
  ],
])(
  '%s: no account can be asked, and a mail that must not be sent twice is not',
  { timeout: 120_000 },
  async (_, lost, before, after) => {
    const id = await loseAnswer(lost, before, { onUnknown: 'hold' });

    await finish(after);

    expect((await stack.entries(id)).map(({ provider }) => provider)).toEqual([lost]);
    const [letter] = await receive(queues.dead);
    expect(letter?.MessageAttributes).toMatchObject({
      Reason: { StringValue: 'Unknown' },
      SubmissionId: { StringValue: id },
    });
  },
);

/** Environment variables and code directory of the sender function in the running stack. */
let deployed: { readonly environment: Readonly<Record<string, string>>; readonly directory: string };

function readDeployed(): typeof deployed {
  const pid = stack.info.processes.find((one) => one.function === 'sender')?.pid;
  const lines = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  const split = (line: string) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const;
  return { environment: Object.fromEntries(lines.map(split)), directory: readlinkSync(`/proc/${pid}/cwd`) };
}

/** Queues of one mail. Only the test receives messages from these queues. */
let queues: Readonly<Record<'outbound' | 'retry' | 'dead' | 'events', string>>;

/**
 * Makes the simulated provider `account` accept one mail and lose its answer, and sends a mail with the provider list `list`.
 * Returns the id of the mail.
 */
async function loseAnswer(account: string, list: readonly Entry[], more: object = {}): Promise<string> {
  const id = `renamed-${crypto.randomUUID()}`;
  const create = async (name: string) =>
    (await stack.sqs.send(new CreateQueueCommand({ QueueName: `${name}-${id}` }))).QueueUrl ?? '';
  queues = {
    outbound: await create('outbound'),
    retry: await create('retry'),
    dead: await create('dead'),
    events: await create('events'),
  };
  await stack.breakProvider(account, { network: 'reset-after-accept', times: 1 });
  const body = {
    version: 1,
    id,
    from: 'shop@example.com',
    to: ['ada@example.org'],
    subject: 'renamed',
    text: 'Once.',
    ...more,
  };
  await stack.sqs.send(new SendMessageCommand({ QueueUrl: queues.outbound, MessageBody: JSON.stringify(body) }));
  await run(list, queues.outbound);
  expect(await stack.entries(id)).toHaveLength(1);
  return id;
}

/** Runs the sender with this provider list for each message of the retry queue, until the retry queue is empty. */
async function finish(list: readonly Entry[]): Promise<void> {
  for (let round = 0; round < 6; round++) if (!(await run(list, queues.retry))) return;
}

/** Gives the next message of a queue to a new process of the sender function. Returns false if there is no message. */
async function run(list: readonly Entry[], queueUrl: string): Promise<boolean> {
  const [message] = await receive(queueUrl);
  if (message === undefined) return false;
  const sender = senderWith(list);
  try {
    await sender.ready;
    const answer = await sender.invoke(eventOf(message, queueUrl), 'Root=1-1-1');
    expect(answer).toEqual({ batchItemFailures: [] });
    return true;
  } finally {
    sender.kill();
  }
}

async function receive(QueueUrl: string): Promise<readonly Message[]> {
  // A message waits on the retry queue for at most two minutes of the local stack, which is one second at this time scale.
  for (const end = Date.now() + 5_000; Date.now() < end; await pause(50)) {
    const { Messages = [] } = await stack.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
        VisibilityTimeout: 43_200,
      }),
    );
    if (Messages.length > 0) return Messages;
  }
  return [];
}

function eventOf(
  { MessageId = '', ReceiptHandle = '', Body = '', Attributes = {}, MessageAttributes = {} }: Message,
  queueUrl: string,
): SQSEvent {
  return {
    Records: [
      {
        messageId: MessageId,
        receiptHandle: ReceiptHandle,
        body: Body,
        attributes: Attributes as unknown as SQSEvent['Records'][number]['attributes'],
        messageAttributes: Object.fromEntries(
          Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [
            name,
            { stringValue: StringValue, dataType: 'String' },
          ]),
        ),
        md5OfBody: '',
        eventSource: 'aws:sqs',
        eventSourceARN: arnOf(queueUrl),
        awsRegion: 'us-east-1',
      },
    ],
  };
}

function arnOf(queueUrl: string): string {
  return `arn:aws:sqs:us-east-1:000000000000:${queueUrl.split('/').at(-1)}`;
}

/**
 * Starts a process of the bundled sender function with another provider list. The list is in its environment variables, as after
 * a deployment.
 */
function senderWith(list: readonly Entry[]): FunctionProcess {
  const { environment: given, directory } = deployed;
  const before = senderEnvironment.decode(given);
  const urls = Object.fromEntries(stack.info.providers.map(({ key }) => [key, before.endpoints?.[key] ?? '']));
  const changed = senderEnvironment.encode({
    ...before,
    providers: list.map(({ account, ...provider }) => ({
      ...provider,
      ...(/^(postmark|mailgun)/.test(account) && { secretName: `Mailover/${account}` }),
    })),
    endpoints: Object.fromEntries(list.map(({ key, account }) => [key, urls[account] ?? ''])),
    outboundQueueArn: arnOf(queues.outbound),
    retryQueueUrls: Object.fromEntries(list.map(({ key }) => [key, queues.retry])),
    deadLetterQueueUrl: queues.dead,
    eventsQueueUrl: queues.events,
  });
  const target = {
    name: 'sender',
    directory,
    handler: given['_HANDLER'] ?? '',
    environment: {},
    memoryMb: 512,
    timeoutSeconds: 80,
    allowsLoops: true,
  };
  return new FunctionProcess(target, { ...given, ...changed }, () => undefined);
}
