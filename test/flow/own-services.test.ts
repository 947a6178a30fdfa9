import { setTimeout as pause } from 'node:timers/promises';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from 'vitest';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

const TIME_SCALE = 20;
const TIMEOUT = 120_000;
const MAILS = 30;
let stack: RunningStack;

afterEach(() => stack.close());

describe('Secrets Manager does not answer, and no process has a secret yet', () => {
  it.each(['InternalServiceError', 'ThrottlingException', 'InvalidSignatureException'])(
    '%s: mail goes to providers without a secret, and no account is blamed',
    { timeout: TIMEOUT },
    async (error) => {
      stack = await givenStack(TIME_SCALE);
      await secretsFail(error);

      const accepted = await stack.accepted(await send());

      expect(new Set(accepted.map(({ provider }) => provider))).toEqual(new Set(['ses']));
      await stack.until(async () => (await raised()).some((name) => name.endsWith('/SecretsUnreachable')));
      expect(await openCircuits()).toEqual([]);
      expect(
        (await raised()).filter((name) => /AccountRefused|CircuitOpen|FailureRate|FailureCount/.test(name)),
      ).toEqual([]);
    },
  );

  it('waits seconds if every provider needs a secret, and is not lost', { timeout: TIMEOUT }, async () => {
    stack = await givenStack(TIME_SCALE);
    await secretsFail('ServiceUnavailable');
    await stack.breakProvider('ses', { respond: { status: 500, body: '' } });
    const ids = await send();
    await stack.until(async () => (await stack.depth([stack.info.queues.outbound])) === 0);

    await fetch(`${stack.url}/api/aws/fault`, { method: 'DELETE' });

    const accepted = await stack.accepted(ids);
    expect(accepted.some(({ provider }) => provider === 'postmark')).toBe(true);
    expect(await stack.depth([stack.info.queues.deadLetter])).toBe(0);
  });

  it('blames the account where the secret is missing', { timeout: TIMEOUT }, async () => {
    stack = await givenStack(TIME_SCALE);
    await secretsFail('ResourceNotFoundException');

    await stack.accepted(await send());

    expect(await openCircuits()).toContain('postmark');
    // The key of the proofs is a secret too: without it a dead letter is sent without a proof, and this is counted.
    await send(1, { text: 5 });
    await stack.until(async () => (await raised()).some((name) => name.endsWith('/ProofKeyUnusable')));
  });
});

describe('AWS refuses the credentials or the clock of the process', () => {
  it.each(['ExpiredTokenException', 'UnrecognizedClientException', 'RequestTimeTooSkewed'])(
    '%s: no circuit opens and no account is blamed, and mail waits seconds for another process',
    { timeout: TIMEOUT },
    async (name) => {
      stack = await givenStack(TIME_SCALE);
      const body = JSON.stringify({ __type: name, message: 'refused' });
      const fault = { respond: { status: 403, headers: { 'x-amzn-errortype': name }, body }, on: 'all' } as const;
      await stack.breakProvider('ses', fault);
      const ids = await send(10, { providers: { only: ['ses'] } });
      await stack.until(async () => (await raised()).some((alarm) => alarm.endsWith('/CredentialsRefused')));
      expect(await openCircuits()).toEqual([]);
      expect((await raised()).filter((alarm) => /AccountRefused|CircuitOpen|FailureRate/.test(alarm))).toEqual([]);

      await fetch(`${stack.url}/api/providers/ses/fault`, { method: 'DELETE' });

      const accepted = await stack.accepted(ids);
      expect(new Set(accepted.map(({ provider }) => provider))).toEqual(new Set(['ses']));
    },
  );
});

describe('a NAT gateway forgets the connections', () => {
  const FORGET = { network: 'forget' } as const;

  it('while nothing is sent: no mail meets a dead one, at any provider or service', { timeout: TIMEOUT }, async () => {
    stack = await givenStack(1);
    await stack.accepted(await send());
    const keys = stack.info.providers.map(({ key }) => key);
    for (const key of keys) await stack.breakProvider(key, FORGET);
    await stack.breakAws(FORGET);
    // A pause longer than a kept connection may be idle.
    await pause(6_000);
    // A health check or a canary may have been under way when its connection was forgotten.
    const hitsOfAll = () => Promise.all(keys.map(async (key) => [key, await hits(`/api/providers/${key}/fault`)]));
    const before = await hitsOfAll();

    const ids = await send();
    await stack.accepted(ids);

    expect(await hitsOfAll()).toEqual(before);
    for (const id of ids) expect(await stack.submission(id)).toMatchObject({ state: 'accepted' });
    expect(await taken(ids)).toBe(MAILS);
    await expect.poll(() => stack.depth(Object.values(stack.info.queues.retry)), { timeout: 20_000 }).toBe(0);
  });

  it('of the table at once: each call is made again on a fresh one, and no mail waits', {
    timeout: TIMEOUT,
  }, async () => {
    stack = await givenStack(1);
    await stack.accepted(await send());
    await stack.breakAws({ service: 'dynamodb', ...FORGET });

    const ids = await send();
    await stack.accepted(ids);

    expect(await hits('/api/aws/fault')).toBeGreaterThan(0);
    expect(await taken(ids)).toBe(MAILS);
    await expect.poll(() => stack.depth(Object.values(stack.info.queues.retry)), { timeout: 20_000 }).toBe(0);
  });
});

it('sends no mail twice when the process stands still for 40 seconds, past every deadline', {
  timeout: 360_000,
}, async () => {
  stack = await givenStack(1);
  await stack.accepted(await send(1));
  await stack.breakProvider('postmark', { delayMs: 2_000 });
  const ids = await send();
  await stack.until(async () => (await taken(ids)) > 0);

  const stopped = (await stack.refresh()).processes.filter((one) => one.function === 'sender');
  for (const { pid } of stopped) process.kill(pid, 'SIGSTOP');
  await pause(40_000);
  for (const { pid } of stopped) process.kill(pid, 'SIGCONT');

  // A mail that the process had no time left to attempt waits a minute on a retry queue.
  await expect.poll(() => taken(ids), { timeout: 120_000, interval: 500 }).toBeGreaterThanOrEqual(MAILS);
  await stack.accepted(ids);
  await stack.until(async () => (await stack.depth([stack.info.queues.outbound])) === 0);
  // A mail whose answer was lost waits a minute or two until its provider is asked.
  await expect.poll(() => stack.depth(Object.values(stack.info.queues.retry)), { timeout: 150_000 }).toBe(0);
  expect(await taken(ids)).toBe(MAILS);
});

/** Breaks Secrets Manager for new processes of the sender: those that run have read the first secret at their start. */
async function secretsFail(error: string): Promise<void> {
  await stack.breakAws({ service: 'secrets', error });
  const response = await fetch(`${stack.url}/api/circuits`, { method: 'DELETE' });
  expect(response.ok).toBe(true);
}

async function hits(path: string): Promise<number> {
  return ((await (await fetch(`${stack.url}${path}`)).json()) as { hits: number }).hits;
}

async function taken(ids: readonly string[]): Promise<number> {
  const entries = await Promise.all(ids.map((id) => stack.entries(id)));
  return entries.flat().length;
}

async function openCircuits(): Promise<readonly string[]> {
  const circuits = (await (await fetch(`${stack.url}/api/circuits`)).json()) as Record<string, unknown>[];
  return circuits.filter((one) => JSON.stringify(one).includes('"open"')).map(({ provider }) => String(provider));
}

async function raised(): Promise<readonly string[]> {
  const alarms = (await (await fetch(`${stack.url}/api/alarms`)).json()) as { name: string; state: string }[];
  return alarms.filter(({ state }) => state === 'ALARM').map(({ name }) => name);
}

async function send(count = MAILS, more: object = {}): Promise<readonly string[]> {
  const { endpoints, queues } = stack.info;
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const sqs = new SQSClient({ endpoint: endpoints.aws, region: 'us-east-1', credentials });
  const ids = Array.from({ length: count }, (_, place) => `${crypto.randomUUID()}-${place}`);
  for (let start = 0; start < count; start += 10)
    await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: queues.outbound,
        Entries: ids.slice(start, start + 10).map((id, place) => ({
          Id: String(place),
          MessageBody: JSON.stringify({
            version: 1,
            id,
            from: 'shop@example.com',
            to: ['ada@example.org'],
            subject: 'hi',
            text: 'hello',
            ...more,
          }),
        })),
      }),
    );
  sqs.destroy();
  return ids;
}
