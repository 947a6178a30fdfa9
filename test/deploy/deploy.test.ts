import { type Message, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, REGION, startAccount, type TestAccount, until } from './account.ts';
import { deployLive } from './deployments.ts';
import { type Inventory, inventory } from './inventory.ts';
import { allows } from './policy.ts';
import { commandsOf } from './readme.ts';
import { requestsOf } from './requests.ts';
import { type RunningStack, runStack, sqsOf } from './run.ts';

/** An hour of stack time lasts a second and a half. */
const TIME_SCALE = 2_400;
/** Invocations of one chain, above the sixteen that Lambda's detection of loops allows. */
const HOPS = 20;

/** Commands of README that a test does not run. */
const BY_HAND = /^(npm ci$|\$EDITOR )/;

let account: TestAccount;
let deployed: Inventory;
let stack: RunningStack | undefined;
const outputs: string[] = [];

beforeAll(async () => {
  account = await startAccount(TIME_SCALE);
  for (const command of commandsOf('Deploy').filter((line) => !BY_HAND.test(line)))
    outputs.push(await account.run(command));
}, 240_000);

afterAll(async () => {
  await stack?.close();
  await account?.close();
});

describe("the app as README's commands deploy it", () => {
  it('prints the queue URLs, and that no mail is delivered', async () => {
    deployed = await inventory(account);
    expect(outputs.at(-1)).toMatch(/Mailover\.OutboundQueueUrl = http/);
    expect(deployed.stack[0]?.StackStatus).toMatch(/_COMPLETE$/);
    expect(deployed.outputs['Stage']).toBe('sandbox');
  });

  it('takes mail of the AWS CLI and of boto3, and sends none of it', { timeout: 60_000 }, async () => {
    stack = await runStack(account, deployed, { timeScale: TIME_SCALE });
    const url = deployed.outputs['OutboundQueueUrl'];
    const body = (id: string) =>
      JSON.stringify({
        version: 1,
        id,
        from: 'shop@example.com',
        to: ['ada@example.org'],
        subject: 'Hi',
        text: 'Hello',
      });
    await account.run(
      `aws sqs send-message --queue-url "$URL" --message-group-id receipts --message-body '${body('from-the-cli')}'`,
      { URL: String(url) },
    );
    const script = `import boto3, os; boto3.client("sqs", endpoint_url=os.environ["AWS_ENDPOINT_URL"]).send_message(QueueUrl=os.environ["URL"], MessageGroupId="receipts", MessageBody=os.environ["BODY"])`;
    await account.run(`"$PYTHON" -c '${script}'`, {
      URL: String(url),
      BODY: body('from-boto3'),
      PYTHON: account.python,
    });

    await until(async () => ['from-the-cli', 'from-boto3'].every((id) => lines(id, '"outcome":"accepted"').length > 0));
    // Mailgun keeps and lists mail of its test mode.
    expect((await stack.accepted()).filter(({ provider }) => provider !== 'mailgun')).toEqual([]);
    expect(account.calls().filter(({ path }) => path === '/v2/email/outbound-emails')).toEqual([]);
  });
});

describe('the same stack, live', () => {
  beforeAll(async () => {
    await stack?.close();
    await deployLive(account);
    const before = deployed;
    deployed = await inventory(account);
    expect(stateful(deployed)).toEqual(stateful(before));
    await account.run('aws ses verify-domain-identity --domain example.com');
    stack = await runStack(account, deployed, { timeScale: TIME_SCALE });
  }, 120_000);

  it('fails over to SES while the providers above it are down', { timeout: 60_000 }, async () => {
    await running().breakProvider('postmark', [{ respond: { status: 503, headers: {}, body: '' } }]);
    await running().breakProvider('mailgun', [{ network: 'refuse' }]);
    await submit('over-ses');
    await until(async () => lines('over-ses', '"provider":"ses"', '"outcome":"accepted"').length === 1);
    expect(
      account.calls().filter(({ path, status }) => path === '/v2/email/outbound-emails' && status === 200),
    ).not.toEqual([]);
    await repair();
  });

  it('dead-letters what cannot be read, with a reason', { timeout: 60_000 }, async () => {
    await sqsOf(account).send(
      new SendMessageCommand({
        QueueUrl: deployed.outputs['OutboundQueueUrl'],
        MessageBody: '{"version":1,"id":"broken"}',
      }),
    );
    const [letter] = await receive('DeadLetterQueueUrl');
    expect(letter?.MessageAttributes?.['Reason']?.StringValue).toBe('Malformed');
    expect(letter?.Body).toBe('{"version":1,"id":"broken"}');
  });

  it.each(['postmark', 'mailgun'])('takes received mail of %s', { timeout: 60_000 }, async (key) => {
    const raw = Buffer.from(`From: a@example.org\r\nTo: ${key}@in.example.com\r\nSubject: hello\r\n\r\nhello\r\n`);
    await running()
      .receiver(key)
      .receiving.take({ raw, from: 'a@example.org', to: `${key}@in.example.com` });
    const [message] = await receive('InboundQueueUrl');
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({
      provider: key,
      envelope: { to: [`${key}@in.example.com`] },
    });
  });

  it('checks the health of each account, and looks for missed mail', { timeout: 60_000 }, async () => {
    for (const { logicalId } of deployed.functions)
      if (/Health|Reconciler/.test(logicalId)) await running().invoke(logicalId, { 'detail-type': 'Scheduled Event' });
    const healthy = (key: string) =>
      running().output.some((line) => line.includes('"AccountHealthy":1') && line.includes(`"provider":"${key}"`));
    await until(async () => ['postmark', 'mailgun', 'ses', 'own-mta'].every(healthy), 10_000);
  });

  it(`sends a mail after ${HOPS} retries, although Lambda ends loops after sixteen`, { timeout: 180_000 }, async () => {
    for (const key of ['postmark', 'mailgun', 'own-mta']) await running().breakProvider(key, [{ network: 'refuse' }]);
    await account.run('aws ses delete-identity --identity example.com');
    await submit('patient');
    await until(async () => running().longestChain > HOPS, 150_000);
    await repair();
    await until(async () => lines('patient', '"outcome":"accepted"').length === 1);
  });

  it('has run each of its functions', () => {
    const silent = deployed.functions.filter(
      ({ credentials }) => !account.calls().some((call) => call.accessKey === credentials['AWS_ACCESS_KEY_ID']),
    );
    expect(silent.map(({ logicalId }) => logicalId)).toEqual([]);
  });

  it('allows every call that a function made', () => {
    const refused = deployed.functions.flatMap(({ logicalId, policies, credentials }) =>
      account
        .calls()
        .filter(({ accessKey }) => accessKey === credentials['AWS_ACCESS_KEY_ID'])
        .flatMap(requestsOf)
        .filter((request) => !allows(policies, request))
        .map(({ action, resource }) => `${logicalId}: ${action} ${resource}`),
    );
    expect([...new Set(refused)]).toEqual([]);
  });

  it('allows nothing that a function has no reason to do', () => {
    const { outputs: names } = deployed;
    const queue = (output: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${names[output]?.split('/').at(-1)}`;
    const object = (key: string) => `arn:aws:s3:::${names['MailBucketName']}/${key}`;
    const table = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${names['StateTableName']}`;
    const item = (key: string) => ({ resource: table, context: { 'dynamodb:LeadingKeys': [key] } });
    const identity = {
      resource: `arn:aws:ses:${REGION}:${ACCOUNT}:identity/example.com`,
      context: { 'ses:FromAddress': ['a@example.com'] },
    };
    const secret = (name: string) => `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}-AbCdEf`;
    const never = [
      { action: 'sqs:DeleteQueue', resource: queue('OutboundQueueUrl') },
      { action: 'sqs:PurgeQueue', resource: queue('DeadLetterQueueUrl') },
      { action: 'sqs:ReceiveMessage', resource: queue('DeadLetterQueueUrl') },
      { action: 's3:DeleteObject', resource: object('submissions/a') },
      { action: 's3:GetObject', resource: 'arn:aws:s3:::another-bucket/submissions/a' },
      { action: 'dynamodb:Scan', resource: table },
      { action: 'dynamodb:DeleteItem', ...item('submission/a') },
      { action: 'dynamodb:PutItem', ...item('switch/postmark') },
      { action: 'dynamodb:GetItem', resource: table },
      { action: 'secretsmanager:GetSecretValue', resource: secret('Mailover/another') },
      { action: 'secretsmanager:PutSecretValue', resource: secret('Mailover/postmark') },
      { action: 'iam:PassRole', resource: '*' },
      { action: 'lambda:UpdateFunctionCode', resource: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:a` },
    ];
    const readsReceived = [{ action: 's3:GetObject', resource: object('inbound/a') }];
    const sends = [
      { action: 'ses:SendRawEmail', ...identity },
      { action: 'sqs:SendMessage', resource: queue('RetryQueueUrlpostmark') },
      { action: 'secretsmanager:GetSecretValue', resource: secret('Mailover/own-mta') },
    ];
    const ledger = [
      { action: 'dynamodb:GetItem', ...item('submission/a') },
      { action: 'dynamodb:PutItem', ...item('submission/a') },
    ];
    const forbidden: Readonly<Record<string, readonly (typeof never)[number][]>> = {
      MailoverSender: [...never, ...readsReceived, { action: 'sqs:SendMessage', resource: queue('InboundQueueUrl') }],
      MailoverInbound: [...never, ...readsReceived, ...sends, ...ledger],
      MailoverReconciler: [...never, ...readsReceived, ...sends, ...ledger],
      MailoverHealth: [...never, ...readsReceived, ...sends.slice(0, 2), ...ledger],
    };
    const allowed = deployed.functions.flatMap(({ logicalId, policies }) => {
      const [, list = never] = Object.entries(forbidden).find(([start]) => logicalId.startsWith(start)) ?? [];
      return list
        .filter((request) => allows(policies, request))
        .map(({ action, resource }) => `${logicalId}: ${action} ${resource}`);
    });
    expect(allowed).toEqual([]);
  });
});

function running(): RunningStack {
  if (stack === undefined) throw new Error('the stack does not run');
  return stack;
}

async function repair(): Promise<void> {
  for (const key of ['postmark', 'mailgun', 'own-mta']) await running().breakProvider(key, []);
}

async function submit(id: string): Promise<void> {
  const mail = { version: 1, id, from: 'shop@example.com', to: ['ada@example.org'], subject: id, text: 'hello' };
  await sqsOf(account).send(
    new SendMessageCommand({ QueueUrl: deployed.outputs['OutboundQueueUrl'], MessageBody: JSON.stringify(mail) }),
  );
}

/** Lines of the functions' log about a submission, with these parts. */
function lines(id: string, ...parts: readonly string[]): string[] {
  return running().output.filter((line) => [`"${id}"`, ...parts].every((part) => line.includes(part)));
}

/** The next messages of a queue. */
async function receive(output: string): Promise<Message[]> {
  let found: Message[] = [];
  await until(async () => {
    const command = new ReceiveMessageCommand({ QueueUrl: deployed.outputs[output], MessageAttributeNames: ['All'] });
    found = (await sqsOf(account).send(command)).Messages ?? [];
    return found.length > 0;
  });
  return found;
}

/** Physical ids of what has mail or state, by logical id. */
function stateful({ resources }: Inventory): Record<string, string> {
  const kinds = /^AWS::(SQS::Queue|S3::Bucket|DynamoDB::GlobalTable|SecretsManager::Secret|KMS::Key)$/;
  return Object.fromEntries(
    Object.entries(resources).flatMap(([name, { id, type }]) => (kinds.test(type) ? [[name, id]] : [])),
  );
}
