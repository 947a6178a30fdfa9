import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import deployRole from '../../docs/deploy-role.json' with { type: 'json' };
import { secretNameOf } from '../../lambda/contract/deployment.ts';
import type { ProviderList } from '../../lambda/providers/registry.ts';
import { listening } from '../support/local-server.ts';
import { CLOUDFORMATION, startAccount, type TestAccount, until } from './account.ts';
import { deploymentRequestsOf } from './deployment-requests.ts';
import { type Described, deployLive, makeSurroundings, PROVIDERS } from './deployments.ts';
import { type Inventory, inventory } from './inventory.ts';
import { allows, type Policy } from './policy.ts';
import { type RunningStack, runStack, sqsOf } from './run.ts';
import { documentedEvents } from './ses.ts';

// These tests deploy one stack several times, one deployment after the other, while mail is on its queues. No resource that
// contains mail or state may be replaced or deleted, and no message may be lost.

const [postmark, mailgun, ses, mta] = PROVIDERS;
const sendgrid = { key: 'sendgrid', type: 'sendgrid', options: {} } as const;
const renamed = { ...mailgun, key: 'mailgun-us', secretName: secretNameOf(mailgun, 'Mailover') } as const;

/** Types of resources that contain mail, or state that the delivery of mail needs. */
const STATEFUL = /^AWS::(SQS::Queue|S3::Bucket|DynamoDB::GlobalTable|SecretsManager::Secret)$/;

const DEPLOY_ROLE: Policy = deployRole;

const SURROUNDINGS = 'a VPC, a key of its own and an event bus';

const CHANGES: readonly (readonly [name: string, providers: ProviderList, props: Described])[] = [
  ['another order', [mta, ses, mailgun, postmark], {}],
  ['a provider added', [...PROVIDERS, sendgrid], {}],
  ['two providers removed', [ses, mta, sendgrid], {}],
  ['a removed provider added again', [mailgun, ses, mta, sendgrid], {}],
  ['a provider renamed', [renamed, ses, mta, sendgrid], {}],
  ['other memory, and all changes at once', [...PROVIDERS].reverse(), { senderMemory: 1024, outboundConcurrency: 20 }],
  ['the stage sandbox', PROVIDERS, { stage: 'sandbox' }],
  [SURROUNDINGS, PROVIDERS, {}],
];

let account: TestAccount;
let deployed: Inventory;
/** Ids of all mails on the queues. No deployment may lose one of these mails. */
const mail = new Set<string>();

beforeAll(async () => {
  account = await startAccount();
  await account.run('cdk bootstrap aws://123456789012/us-east-1');
  await deployLive(account);
  deployed = await inventory(account);
  await putMail();
});

afterAll(() => account?.close());

describe('a deployment of', () => {
  it.each(CHANGES)('%s keeps every queue, the bucket, the table and all mail', async (name, providers, props) => {
    const before = deployed;
    const calls = account.calls().length;

    const surroundings = name === SURROUNDINGS ? await makeSurroundings(account) : {};
    await deployLive(account, { providers, ...props, ...surroundings });

    deployed = await inventory(account);
    expect(deployed.stack[0]?.StackStatus).toBe('UPDATE_COMPLETE');
    // All queues, tables, buckets and secrets must still exist, even if they are no longer a part of the stack.
    for (const kind of ['queues', 'tables', 'buckets', 'secrets'] as const)
      expect(ids(deployed, kind)).toEqual(expect.arrayContaining(ids(before, kind)));
    for (const [logicalId, { id, type }] of Object.entries(before.resources))
      if (STATEFUL.test(type) && deployed.resources[logicalId])
        expect([logicalId, deployed.resources[logicalId]?.id]).toEqual([logicalId, id]);
    expect(await waiting()).toBe(mail.size);
    // Each retry queue may contain mail, so an event source mapping must read from it.
    for (const { arn } of retryQueues(deployed))
      expect(deployed.mappings.map(({ queueArn }) => queueArn)).toContain(arn);
    const made = account
      .calls()
      .slice(calls)
      .filter(({ accessKey }) => accessKey === CLOUDFORMATION);
    expect(made.filter(({ target }) => /\.(DeleteQueue|PurgeQueue|DeleteTable|DeleteSecret)$/.test(target))).toEqual(
      [],
    );
    await putMail();
  });
});

describe('after all of them', () => {
  let stack: RunningStack;
  /** Requests that the server of an application got: delivery events with their signatures. */
  const posted: { readonly body: string; readonly signature: unknown }[] = [];
  const application = createServer((request, response) => {
    text(request).then((body) => {
      posted.push({ body, signature: request.headers['webhook-signature'] });
      response.end();
    });
  });
  afterAll(async () => {
    await stack?.close();
    application.close();
  });

  it('every mail goes out, also that of removed providers', async () => {
    const url = await listening(application);
    await deployLive(account, { providers: [postmark, mta], events: { url } });
    deployed = await inventory(account);
    stack = await runStack(account, deployed);

    const accepted = async () => (await stack.accepted()).map(({ submissionId }) => submissionId);
    await until(async () => new Set(await accepted()).size === mail.size);

    expect((await accepted()).sort()).toEqual([...mail].sort());
    await until(async () => (await waiting()) === 0);
  });

  it('events are posted to the application, with a signature', async () => {
    const [event] = await documentedEvents('postmark');
    await stack.postEvent('postmark', event?.body ?? {});
    await until(async () => posted.length > 0);
    const [{ body = '', signature } = {}] = posted;
    expect(JSON.parse(body)).toMatchObject({ provider: 'postmark', type: event?.expect.type });
    expect(signature).toMatch(/^v1,/);
    await stack.close();
  });

  it('queues of removed providers are listed, and deleted by a command once they are empty', async () => {
    const inStack = new Set(Object.values(deployed.resources).map(({ id }) => id));
    const left = deployed.queues.filter(({ url }) => !inStack.has(url));
    const [full, ...more] = left.filter(({ arn }) => /QueuesRetry/.test(arn));
    expect(more.length).toBeGreaterThan(3);
    await send(full?.url ?? '', 'late');

    const list = JSON.parse(await account.run('node cli/queues.ts --json')) as { url: string; left: boolean }[];
    expect(list.flatMap((one) => (one.left ? one.url : [])).sort()).toEqual(left.map(({ url }) => url).sort());
    await account.run('node cli/queues.ts --remove');

    const after = await inventory(account);
    const gone = left.filter(({ url }) => url !== full?.url);
    const urls = after.queues.map(({ url }) => url);
    expect(urls.sort()).toEqual(
      deployed.queues
        .map(({ url }) => url)
        .filter((url) => !gone.some((one) => one.url === url))
        .sort(),
    );
    expect(after.mappings.filter(({ queueArn }) => gone.some(({ arn }) => arn === queueArn))).toEqual([]);
    expect(after.mappings.map(({ queueArn }) => queueArn)).toContain(full?.arn);
    deployed = after;
  });

  it('CloudFormation has made no call that docs/deploy-role.json refuses', () => {
    const refused = account
      .calls()
      .filter(({ accessKey }) => accessKey === CLOUDFORMATION)
      .flatMap(deploymentRequestsOf)
      .filter((request) => !allows([DEPLOY_ROLE], request))
      .map(({ action, resource }) => `${action} ${resource}`);
    expect([...new Set(refused)]).toEqual([]);
  });

  it('the deletion of the stack keeps queues, bucket, table, logs and the key of the proofs', async () => {
    const before = deployed;
    await account.run(
      'aws cloudformation update-termination-protection --stack-name Mailover --no-enable-termination-protection',
    );
    await account.run('cdk destroy --force --app "node test/deploy/app.ts"', {
      MAILOVER_TEST_DEPLOYMENT: JSON.stringify({ providers: PROVIDERS }),
      CDK_VALIDATION: 'false',
    });
    const after = await inventory(account);
    expect(after.stack).toEqual([]);
    for (const kind of ['queues', 'tables', 'buckets', 'secrets', 'logGroups'] as const)
      expect(ids(after, kind)).toEqual(expect.arrayContaining(ids(before, kind)));
    deployed = after;
  });

  it('no queue of a deleted stack takes mail that nothing reads', async () => {
    await account.run('node cli/queues.ts --close || true');
    const closed = (await inventory(account)).queues.find(({ url }) => /QueuesOutbound/.test(url));
    expect(JSON.parse(closed?.attributes['Policy'] ?? '{}').Statement).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Principal: '*', Action: 'sqs:SendMessage', Resource: closed?.arn }),
    );

    await account.run('node cli/queues.ts --remove');

    const { queues, mappings } = await inventory(account);
    // Only the queue that contains a message still exists, together with the event source mapping that reads from it.
    expect(queues.map(({ url }) => url)).toEqual([expect.stringMatching(/QueuesRetry/)]);
    expect(mappings.map(({ queueArn }) => queueArn)).toEqual(queues.map(({ arn }) => arn));
  });
});

function ids(of: Inventory, kind: 'queues' | 'tables' | 'buckets' | 'secrets' | 'logGroups'): string[] {
  return kind === 'queues' ? of.queues.map(({ url }) => url) : [...of[kind]];
}

function retryQueues({ queues }: Inventory): Inventory['queues'] {
  return queues.filter(({ arn }) => /QueuesRetry/.test(arn));
}

/** Puts one mail on the outbound queue, and one mail on each retry queue. */
async function putMail(): Promise<void> {
  const queues = deployed.queues.filter(({ arn }) => /QueuesRetry|QueuesOutbound/.test(arn));
  for (const { url } of queues) {
    const id = `mail-${mail.size}`;
    mail.add(id);
    await send(url, id);
  }
}

async function send(url: string, id: string): Promise<void> {
  const body = { version: 1, id, from: 'shop@example.com', to: ['ada@example.org'], subject: id, text: 'hello' };
  await sqsOf(account).send(new SendMessageCommand({ QueueUrl: url, MessageBody: JSON.stringify(body) }));
}

/** Returns the number of messages on the queues of the sender. Receives no message. */
async function waiting(): Promise<number> {
  let sum = 0;
  for (const { url } of deployed.queues.filter(({ arn }) => /Queues(Retry|Outbound|DeadLetter)/.test(arn))) {
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] });
    const { Attributes } = await sqsOf(account).send(command);
    for (const kind of ['', 'NotVisible', 'Delayed'] as const)
      sum += Number(Attributes?.[`ApproximateNumberOfMessages${kind}`]);
  }
  return sum;
}
