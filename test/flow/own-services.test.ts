import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { givenStack, type RunningStack } from '../support/running-stack.ts';
import { signalProcess } from '../support/signal-process.ts';

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
      await stack.until(async () => (await stack.raised()).some((name) => name.endsWith('/SecretsUnreachable')));
      expect(await openCircuits()).toEqual([]);
      expect(
        (await stack.raised()).filter((name) => /AccountRefused|CircuitOpen|FailureRate|FailureCount/.test(name)),
      ).toEqual([]);
    },
  );

  it('mail waits some seconds if every provider needs a secret, and is not lost', { timeout: TIMEOUT }, async () => {
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

  it('the account is blamed if its secret is missing', { timeout: TIMEOUT }, async () => {
    stack = await givenStack(TIME_SCALE);
    await secretsFail('ResourceNotFoundException');

    await stack.accepted(await send());

    expect(await openCircuits()).toContain('postmark');
    // The key that signs dead letters is a secret too. If this key cannot be read, dead letters are sent without a signature, and
    // the alarm ProofKeyUnusable is raised.
    await send(1, { text: 5 });
    await stack.until(async () => (await stack.raised()).some((name) => name.endsWith('/ProofKeyUnusable')));
  });
});

describe('AWS refuses the credentials or the clock of the process', () => {
  it.each(['ExpiredTokenException', 'UnrecognizedClientException', 'RequestTimeTooSkewed'])(
    '%s: no circuit opens and no account is blamed, and mail waits some seconds for another process',
    { timeout: TIMEOUT },
    async (name) => {
      stack = await givenStack(TIME_SCALE);
      const body = JSON.stringify({ __type: name, message: 'refused' });
      const fault = { respond: { status: 403, headers: { 'x-amzn-errortype': name }, body }, on: 'all' } as const;
      await stack.breakProvider('ses', fault);
      const ids = await send(10, { providers: { only: ['ses'] } });
      await stack.until(async () => (await stack.raised()).some((alarm) => alarm.endsWith('/CredentialsRefused')));
      expect(await openCircuits()).toEqual([]);
      expect((await stack.raised()).filter((alarm) => /AccountRefused|CircuitOpen|FailureRate/.test(alarm))).toEqual(
        [],
      );

      await fetch(`${stack.url}/api/providers/ses/fault`, { method: 'DELETE' });

      const accepted = await stack.accepted(ids);
      expect(new Set(accepted.map(({ provider }) => provider))).toEqual(new Set(['ses']));
    },
  );
});

describe('a NAT gateway forgets the connections', () => {
  const FORGET = { network: 'forget' } as const;

  it('that are idle: these connections are not used for mail, at any provider or service', {
    timeout: TIMEOUT,
  }, async () => {
    stack = await givenStack(1);
    await stack.accepted(await send());
    const keys = stack.info.providers.map(({ key }) => key);
    for (const key of keys) await stack.breakProvider(key, FORGET);
    await stack.breakAws(FORGET);
    // Waits for longer than the sender keeps an idle connection for the next mail.
    await pause(6_000);
    // A health check or a canary mail may have used a connection when the fault was set, and have lost it. The fault counts this
    // call as a hit too, so the test compares with the hits before its mails.
    const hitsOfAll = () => Promise.all(keys.map(async (key) => [key, await stack.hits(key)]));
    const before = await hitsOfAll();

    const ids = await send();
    await stack.accepted(ids);

    expect(await hitsOfAll()).toEqual(before);
    for (const id of ids) expect(await stack.submission(id)).toMatchObject({ state: 'accepted' });
    expect(await taken(ids)).toBe(MAILS);
    await expect.poll(() => stack.depth(Object.values(stack.info.queues.retry)), { timeout: 20_000 }).toBe(0);
  });

  it('to the table: each lost call is made again on a new connection, and no mail waits', {
    timeout: TIMEOUT,
  }, async () => {
    stack = await givenStack(1);
    await stack.accepted(await send());
    await stack.breakAws({ service: 'dynamodb', ...FORGET });

    const ids = await send();
    await stack.accepted(ids);

    const { hits } = (await stack.call('GET', '/api/aws/fault')) as { readonly hits: number };
    expect(hits).toBeGreaterThan(0);
    expect(await taken(ids)).toBe(MAILS);
    await expect.poll(() => stack.depth(Object.values(stack.info.queues.retry)), { timeout: 20_000 }).toBe(0);
  });
});

it('no mail is sent twice if the process is stopped for 40 seconds, longer than every deadline', {
  timeout: 360_000,
}, async () => {
  stack = await givenStack(1);
  await stack.accepted(await send(1));
  await stack.breakProvider('postmark', { delayMs: 2_000 });
  const ids = await send();
  await stack.until(async () => (await taken(ids)) > 0);

  const stopped = (await stack.refresh()).processes.filter((one) => one.function === 'sender');
  for (const { pid } of stopped) signalProcess(pid, 'SIGSTOP');
  await pause(40_000);
  for (const { pid } of stopped) signalProcess(pid, 'SIGCONT');

  // If the stopped process had no time left to send a mail, this mail waits on a retry queue for a minute.
  await expect.poll(() => taken(ids), { timeout: 120_000, interval: 500 }).toBeGreaterThanOrEqual(MAILS);
  await stack.accepted(ids);
  await stack.until(async () => (await stack.depth([stack.info.queues.outbound])) === 0);
  // If the answer of the provider was lost, the mail waits for one or two minutes. Then the sender asks the provider whether it
  // has accepted the mail.
  await expect.poll(() => stack.depth(Object.values(stack.info.queues.retry)), { timeout: 150_000 }).toBe(0);
  expect(await taken(ids)).toBe(MAILS);
});

/**
 * Makes Secrets Manager fail for new processes of the sender. The running processes read the first secret at their start.
 * Therefore the circuits are deleted, which also replaces these processes by new ones.
 */
async function secretsFail(error: string): Promise<void> {
  await stack.breakAws({ service: 'secrets', error });
  const response = await fetch(`${stack.url}/api/circuits`, { method: 'DELETE' });
  expect(response.ok).toBe(true);
}

async function taken(ids: readonly string[]): Promise<number> {
  const entries = await Promise.all(ids.map((id) => stack.entries(id)));
  return entries.flat().length;
}

async function openCircuits(): Promise<readonly string[]> {
  const open = (await stack.circuits()).filter((one) => JSON.stringify(one).includes('"open"'));
  return open.map(({ provider }) => provider);
}

async function send(count = MAILS, more: object = {}): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, place) => `${crypto.randomUUID()}-${place}`);
  const mail = { version: 1, from: 'shop@example.com', to: ['ada@example.org'], subject: 'hi', text: 'hello' };
  await stack.send(ids.map((id) => ({ ...mail, id, ...more })));
  return ids;
}
