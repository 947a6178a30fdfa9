import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { operate } from '../../cli/operate/command.ts';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

/** A circuit that opens for half a minute is open for one and a half seconds. */
const TIME_SCALE = 20;
const TIMEOUT = 60_000;

let stack: RunningStack;
let mails = 0;

beforeAll(async () => {
  stack = await givenStack(TIME_SCALE);
}, TIMEOUT);

afterEach(() => stack.repairAll());
afterAll(() => stack.close());

describe('an outage of the first provider', () => {
  it.each<[string, unknown]>([
    ['500', { respond: { status: 500, body: '' } }],
    ['connections reset', { network: 'reset-mid-request' }],
    ['a closed account', { respond: { status: 422, body: '{"ErrorCode":413,"Message":"Account may not send."}' } }],
  ])('costs an attempt for each worker and window, not for each mail: %s', { timeout: TIMEOUT }, async (_, fault) => {
    await stack.breakProvider('postmark', fault);
    const begun = Date.now();

    const accepted = await stack.accepted(await send(200));

    const workers = (await stack.refresh()).processes.filter((one) => one.function === 'sender').length;
    const windows = Math.ceil((Date.now() - begun) / (5_000 / TIME_SCALE));
    expect(accepted.every(({ provider }) => provider !== 'postmark')).toBe(true);
    expect(await hits('postmark')).toBeGreaterThan(0);
    expect(await hits('postmark')).toBeLessThanOrEqual(workers * (1 + windows));
    expect(await hits('postmark')).toBeLessThan(100);
  });

  it('does not keep mail in its retry queue from going out through another provider', {
    timeout: TIMEOUT,
  }, async () => {
    for (const { key } of stack.info.providers)
      await stack.breakProvider(key, DOWN[key === 'own-mta' ? 'smtp' : 'http']);
    const ids = await send(10);
    await stack.until(async () => (await stack.depth([stack.info.queues.retry['postmark'] ?? ''])) > 0);

    await fetch(`${stack.url}/api/providers/mailgun/fault`, { method: 'DELETE' });

    const accepted = await stack.accepted(ids);
    expect(new Set(accepted.map(({ provider }) => provider))).toEqual(new Set(['mailgun']));
  });

  it('ends when the provider has recovered: mail goes to it again', { timeout: TIMEOUT }, async () => {
    await stack.breakProvider('postmark', { respond: { status: 422, body: '{"ErrorCode":413,"Message":"No."}' } });
    await stack.accepted(await send(20));
    expect((await circuits())[0]).toMatchObject({ provider: 'postmark', state: 'open', blames: 'account' });

    await fetch(`${stack.url}/api/providers/postmark/fault`, { method: 'DELETE' });

    await stack.until(async () =>
      (await stack.accepted(await send(5))).every(({ provider }) => provider !== 'mailgun'),
    );
    expect((await circuits())[0]).toMatchObject({ provider: 'postmark', state: 'closed', trips: 1 });
  });
});

describe('a throttling provider', () => {
  it('is not tried again before its time, and its circuit stays closed', { timeout: TIMEOUT }, async () => {
    await stack.breakProvider('postmark', { respond: { status: 429, headers: { 'Retry-After': '600' }, body: '' } });

    await stack.accepted(await send(10));
    await everyoneKnows();
    const asked = await hits('postmark');

    await stack.accepted(await send(100));

    expect(asked).toBeGreaterThan(0);
    // A process that starts on a busy machine may not get the table's answer in time, and probes by itself.
    const workers = (await stack.refresh()).processes.filter((one) => one.function === 'sender').length;
    expect(await hits('postmark')).toBeLessThan(asked + workers);
    expect((await circuits())[0]).toMatchObject({ state: 'closed', heldUntil: expect.any(String) });
  });
});

describe("an operator's switch", () => {
  it('keeps all mail from a provider until it is released', { timeout: TIMEOUT }, async () => {
    await stack.accepted(await send(10));
    expect(await run('isolate', 'postmark', '--reason', 'a test')).toBe(0);
    await everyoneKnows();

    const accepted = await stack.accepted(await send(50));

    expect(accepted.filter(({ provider }) => provider === 'postmark')).toEqual([]);
    expect((await circuits())[0]).toMatchObject({ state: 'isolated', reason: 'a test' });
    expect(await run('release', 'postmark')).toBe(0);
    await stack.until(async () =>
      (await stack.accepted(await send(5))).some(({ provider }) => provider === 'postmark'),
    );
  });
});

describe('circuits that cannot be read', () => {
  it('let mail go out', { timeout: TIMEOUT }, async () => {
    await stack.breakAws({ service: 'dynamodb', operation: 'BatchGetItem', error: 'InternalServerError' });

    const accepted = await stack.accepted(await send(50));

    expect(accepted).toHaveLength(50);
  });
});

const DOWN = {
  http: { respond: { status: 503, body: '' } },
  smtp: { smtp: { stage: 'connect', reply: '421 not now' } },
} as const;

/** Waits until all workers have read the table again, ten seconds at most. */
function everyoneKnows(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10_000 / TIME_SCALE));
}

async function send(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => {
    mails += 1;
    return `circuit-${mails}`;
  });
  for (let start = 0; start < ids.length; start += 10) {
    const Entries = ids.slice(start, start + 10).map((id, index) => ({
      Id: String(index),
      MessageBody: JSON.stringify({
        version: 1,
        id,
        from: 'a@example.com',
        to: ['b@example.org'],
        subject: id,
        text: 'hello',
        onUnknown: 'failover',
      }),
    }));
    await stack.sqs.send(new SendMessageBatchCommand({ QueueUrl: stack.info.queues.outbound, Entries }));
  }
  return ids;
}

async function hits(key: string): Promise<number> {
  const fault = (await (await fetch(`${stack.url}/api/providers/${key}/fault`)).json()) as { hits: number };
  return fault.hits;
}

async function circuits(): Promise<Record<string, unknown>[]> {
  return (await (await fetch(`${stack.url}/api/circuits`)).json()) as Record<string, unknown>[];
}

function run(...argv: string[]): Promise<number> {
  const silent = { out: () => {}, err: () => {}, interactive: false };
  return operate(argv, { MAILOVER_PORT: new URL(stack.url).port }, silent);
}
