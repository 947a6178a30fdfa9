import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { operate } from '../../cli/operate/command.ts';
import { recordedTerminal } from '../support/recorded-terminal.ts';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

/** At this time scale, a circuit breaker that opens for 30 seconds is open for 1.5 real seconds. */
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
  ])(
    'causes one attempt for each worker and probe period, not for each mail: %s',
    { timeout: TIMEOUT },
    async (_, fault) => {
      await stack.breakProvider('postmark', fault);
      const begun = Date.now();

      const accepted = await stack.accepted(await send(200));

      const workers = (await stack.refresh()).processes.filter((one) => one.function === 'sender').length;
      const windows = Math.ceil((Date.now() - begun) / (5_000 / TIME_SCALE));
      expect(accepted.every(({ provider }) => provider !== 'postmark')).toBe(true);
      expect(await stack.hits('postmark')).toBeGreaterThan(0);
      expect(await stack.hits('postmark')).toBeLessThanOrEqual(workers * (1 + windows));
      expect(await stack.hits('postmark')).toBeLessThan(100);
    },
  );

  it('does not prevent mail in its retry queue from being sent through another provider', {
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

  it('ends when the provider has recovered: the provider gets mail again', { timeout: TIMEOUT }, async () => {
    await stack.breakProvider('postmark', { respond: { status: 422, body: '{"ErrorCode":413,"Message":"No."}' } });
    await stack.accepted(await send(20));
    expect((await stack.circuits())[0]).toMatchObject({ provider: 'postmark', state: 'open', blames: 'account' });

    await fetch(`${stack.url}/api/providers/postmark/fault`, { method: 'DELETE' });

    await stack.until(async () =>
      (await stack.accepted(await send(5))).every(({ provider }) => provider !== 'mailgun'),
    );
    expect((await stack.circuits())[0]).toMatchObject({ provider: 'postmark', state: 'closed', trips: 1 });
  });
});

describe('a throttling provider', () => {
  it('is not tried again before its Retry-After has passed, and its circuit stays closed', {
    timeout: TIMEOUT,
  }, async () => {
    await stack.breakProvider('postmark', { respond: { status: 429, headers: { 'Retry-After': '600' }, body: '' } });

    await stack.accepted(await send(10));
    await everyoneKnows();
    const asked = await stack.hits('postmark');

    await stack.accepted(await send(100));

    expect(asked).toBeGreaterThan(0);
    // On a busy machine, a new sender process may start before the state table has answered. The process then does not know that
    // the provider asked for a pause, and calls the provider once.
    const workers = (await stack.refresh()).processes.filter((one) => one.function === 'sender').length;
    expect(await stack.hits('postmark')).toBeLessThan(asked + workers);
    expect((await stack.circuits())[0]).toMatchObject({ state: 'closed', heldUntil: expect.any(String) });
  });
});

describe('the isolation of a provider by an operator', () => {
  it('lets no mail go to the provider until an operator releases the provider', { timeout: TIMEOUT }, async () => {
    await stack.accepted(await send(10));
    expect(await run('isolate', 'postmark', '--reason', 'a test')).toBe(0);
    await everyoneKnows();

    const accepted = await stack.accepted(await send(50));

    expect(accepted.filter(({ provider }) => provider === 'postmark')).toEqual([]);
    expect((await stack.circuits())[0]).toMatchObject({ state: 'isolated', reason: 'a test' });
    expect(await run('release', 'postmark')).toBe(0);
    await stack.until(async () =>
      (await stack.accepted(await send(5))).some(({ provider }) => provider === 'postmark'),
    );
  });
});

describe('circuit breakers whose state cannot be read', () => {
  it('do not prevent mail from being sent', { timeout: TIMEOUT }, async () => {
    await stack.breakAws({ service: 'dynamodb', operation: 'BatchGetItem', error: 'InternalServerError' });

    const accepted = await stack.accepted(await send(50));

    expect(accepted).toHaveLength(50);
  });
});

const DOWN = {
  http: { respond: { status: 503, body: '' } },
  smtp: { smtp: { stage: 'connect', reply: '421 not now' } },
} as const;

/** Waits for ten seconds in the time of the local stack. In this time, all sender processes read the state table again. */
function everyoneKnows(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10_000 / TIME_SCALE));
}

async function send(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => {
    mails += 1;
    return `circuit-${mails}`;
  });
  const mail = { version: 1, from: 'a@example.com', to: ['b@example.org'], text: 'hello', onUnknown: 'failover' };
  await stack.send(ids.map((id) => ({ ...mail, id, subject: id })));
  return ids;
}

function run(...argv: string[]): Promise<number> {
  return operate(argv, { MAILOVER_PORT: new URL(stack.url).port }, recordedTerminal().terminal);
}
