import { DeleteMessageCommand, type Message, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessOf } from './access.ts';
import { startAccount, type TestAccount, until } from './account.ts';
import { CANARY_TO, deployLive } from './deployments.ts';
import { type Inventory, inventory } from './inventory.ts';
import { allows } from './policy.ts';
import { commandsOf } from './readme.ts';
import { requestsOf } from './requests.ts';
import { type RunningStack, runStack, sqsOf } from './run.ts';
import { documentedEvents, receiveAtSes, reportAsSes } from './ses.ts';

/** At this time scale, an hour lasts 1.5 real seconds. */
const TIME_SCALE = 2_400;
/** Number of invocations in one chain of messages. It exceeds the sixteen invocations that Lambda's detection of recursive loops allows. */
const HOPS = 20;

/** Commands of README that this test skips: a person runs them by hand. */
const BY_HAND = /^(npm ci$|\$EDITOR )/;

/** Event with which EventBridge invokes a scheduled function. */
const SCHEDULED = { 'detail-type': 'Scheduled Event' };

let account: TestAccount;
let deployed: Inventory;
let stack: RunningStack | undefined;
const outputs: string[] = [];

beforeAll(async () => {
  account = await startAccount(TIME_SCALE);
  for (const command of commandsOf('Deploy').filter((line) => !BY_HAND.test(line)))
    outputs.push(await account.run(command.replaceAll('…', 'token-of-the-account')));
});

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

  it('takes mail of the AWS CLI and of boto3, and sends none of it', async () => {
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
    // Mailgun has a test mode, in which it accepts and lists a mail without delivering it. Therefore only mail of the other
    // providers counts here.
    expect((await stack.accepted()).filter(({ provider }) => provider !== 'mailgun')).toEqual([]);
    expect(account.calls().filter(({ path }) => path === '/v2/email/outbound-emails')).toEqual([]);
  });
});

describe('the same stack, live', () => {
  beforeAll(async () => {
    await stack?.close();
    await deployLive(account, { routes: [{ class: 'newsletter', unsubscribe: true }] });
    const before = deployed;
    deployed = await inventory(account);
    expect(stateful(deployed)).toEqual(stateful(before));
    await account.run('aws ses verify-domain-identity --domain example.com');
    stack = await runStack(account, deployed, { timeScale: TIME_SCALE });
  });

  it('fails over to SES while the providers above it are down', async () => {
    await running().breakProvider('postmark', [{ respond: { status: 503, headers: {}, body: '' } }]);
    await running().breakProvider('mailgun', [{ network: 'refuse' }]);
    await submit('over-ses');
    await until(async () => lines('over-ses', '"provider":"ses"', '"outcome":"accepted"').length === 1);
    expect(
      account.calls().filter(({ path, status }) => path === '/v2/email/outbound-emails' && status === 200),
    ).not.toEqual([]);
    await repair();
  });

  it('dead-letters what cannot be read, with a reason', async () => {
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

  it.each(['postmark', 'mailgun'])('takes received mail of %s', async (key) => {
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

  it('takes received mail of SES from the bucket', async () => {
    const to = 'ses@in.example.com';
    await receiveAtSes(account, deployed, to, `From: a@example.org\r\nTo: ${to}\r\nSubject: hello\r\n\r\nhello\r\n`);
    const [message] = await receive('InboundQueueUrl');
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({ provider: 'ses', envelope: { to: [to] } });
  });

  it.each(['postmark', 'mailgun'] as const)('takes delivery events of %s', async (key) => {
    const [event] = await documentedEvents(key);
    expect(await running().postEvent(key, event?.body ?? {})).toBe(200);
    const [message] = await receive('EventsQueueUrl');
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({ provider: key, type: event?.expect.type });
  });

  it('takes delivery events that SES publishes, and sends no more to a hard bounce', async () => {
    const [bounce] = await documentedEvents('ses');
    await reportAsSes(account, deployed, bounce?.body ?? {});
    const [message] = await receive('EventsQueueUrl');
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({ provider: 'ses', type: 'bounced', suppressed: true });

    await submit('to-a-hard-bounce', JSON.parse(message?.Body ?? '').recipient);

    const [suppressed] = await receive('EventsQueueUrl');
    expect(JSON.parse(suppressed?.Body ?? '')).toMatchObject({ type: 'suppressed', submissionId: 'to-a-hard-bounce' });
  });

  it("takes over SES's own list of suppressed addresses", async () => {
    await account.run('aws sesv2 put-suppressed-destination --email-address gone@example.org --reason BOUNCE');
    await running().invoke('MailoverMirror', SCHEDULED);

    await submit('to-a-listed-address', 'gone@example.org');

    const [suppressed] = await receive('EventsQueueUrl');
    expect(JSON.parse(suppressed?.Body ?? '')).toMatchObject({
      type: 'suppressed',
      submissionId: 'to-a-listed-address',
    });
  });

  it('takes the links to unsubscribe', async () => {
    await submit('the-newsletter', 'eve@example.org', { class: 'newsletter' });
    await until(async () => lines('the-newsletter', '"outcome":"accepted"').length === 1);
    const mail = (await running().accepted()).find(({ submissionId }) => submissionId === 'the-newsletter');
    const header = mail?.headers.find(([name]) => name.toLowerCase() === 'list-unsubscribe')?.[1];
    const { pathname, search } = new URL(/<(https:[^>]+)>/.exec(header ?? '')?.[1] ?? '');

    const body = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' });
    const answer = await fetch(`${running().httpUrl}${pathname}${search}`, { method: 'POST', body });

    expect(answer.status).toBe(200);
    const [message] = await receive('EventsQueueUrl');
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({ type: 'unsubscribed', recipient: 'eve@example.org' });
  });

  it('runs the functions of every schedule', async () => {
    await runSchedules();
    const healthy = (key: string) =>
      running().output.some((line) => line.includes('"AccountHealthy":1') && line.includes(`"provider":"${key}"`));
    await until(async () => ['postmark', 'mailgun', 'ses', 'own-mta'].every(healthy));
  });

  it('sends a canary, which comes back over its MX', async () => {
    // The first canary mail is due some time after the first health check. Each canary mail expires when the next canary mail is
    // due. Therefore the health check runs again and again until a canary mail has come back.
    await until(async () => {
      await running().invoke('MailoverHealth', SCHEDULED);
      return running().output.some((line) => /^MailoverInbound.*"outcome":"canary"/.test(line));
    });
    expect((await running().accepted()).map(({ envelope }) => envelope.to)).toContainEqual([CANARY_TO]);
    const item = await account.run(
      'aws dynamodb get-item --table-name "$TABLE" --key \'{"pk":{"S":"canary/postmark"}}\' --output json',
      { TABLE: deployed.outputs['StateTableName'] ?? '' },
    );
    expect(JSON.parse(item).Item).toMatchObject({ newestBack: { N: expect.any(String) } });
  });

  it(`sends a mail after ${HOPS} retries, although Lambda ends loops after sixteen`, async () => {
    for (const key of ['postmark', 'mailgun', 'own-mta']) await running().breakProvider(key, [{ network: 'refuse' }]);
    await account.run('aws ses delete-identity --identity example.com');
    await submit('patient');
    await until(async () => running().longestChain > HOPS, 240_000);
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

  it('allows each function what it needs, and nothing else', () => {
    const wrong = accessOf(deployed).flatMap(([request, needs]) => {
      const allowed = deployed.functions.filter(({ policies }) => allows(policies, request));
      const names = allowed.map(({ logicalId }) => logicalId.replace(/^Mailover(.*)Function[0-9A-F]{8}$/, '$1'));
      const what = [request.action, request.resource, ...Object.values(request.context ?? {})].join(' ');
      return names.toSorted().join() === needs.toSorted().join() ? [] : [`${what}: ${names}, expected ${needs}`];
    });
    expect(wrong).toEqual([]);
  });
});

function running(): RunningStack {
  if (stack === undefined) throw new Error('the stack does not run');
  return stack;
}

/** Invokes each scheduled function once, as EventBridge does. */
async function runSchedules(): Promise<void> {
  for (const name of deployed.schedules) await running().invoke(name, SCHEDULED);
}

async function repair(): Promise<void> {
  for (const key of ['postmark', 'mailgun', 'own-mta']) await running().breakProvider(key, []);
}

async function submit(id: string, to = 'grace@example.org', more: object = {}): Promise<void> {
  const mail = { version: 1, id, from: 'shop@example.com', to: [to], subject: id, text: 'hello', ...more };
  await sqsOf(account).send(
    new SendMessageCommand({ QueueUrl: deployed.outputs['OutboundQueueUrl'], MessageBody: JSON.stringify(mail) }),
  );
}

/** Returns the log lines of the functions that contain this submission id and all these texts. */
function lines(id: string, ...parts: readonly string[]): string[] {
  return running().output.filter((line) => [`"${id}"`, ...parts].every((part) => line.includes(part)));
}

/**
 * Waits for the next messages of a queue, deletes them from the queue, and returns them. `output` is the stack output with the
 * URL of the queue.
 */
async function receive(output: string): Promise<Message[]> {
  let found: Message[] = [];
  await until(async () => {
    const command = new ReceiveMessageCommand({ QueueUrl: deployed.outputs[output], MessageAttributeNames: ['All'] });
    found = (await sqsOf(account).send(command)).Messages ?? [];
    for (const { ReceiptHandle } of found)
      await sqsOf(account).send(new DeleteMessageCommand({ QueueUrl: deployed.outputs[output], ReceiptHandle }));
    return found.length > 0;
  });
  return found;
}

/** Returns the physical ids of the resources that contain mail or state, by logical id. */
function stateful({ resources }: Inventory): Record<string, string> {
  const kinds = /^AWS::(SQS::Queue|S3::Bucket|DynamoDB::GlobalTable|SecretsManager::Secret|KMS::Key)$/;
  return Object.fromEntries(
    Object.entries(resources).flatMap(([name, { id, type }]) => (kinds.test(type) ? [[name, id]] : [])),
  );
}
