import type { Server } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { canaryKey, TOKEN_HEADER, tokenOf } from '../../../lambda/canary/canary.ts';
import type { InboundMessage } from '../../../lambda/contract/inbound.ts';
import { inboundSchema } from '../../../lambda/contract/inbound.ts';
import type { ReconciledProvider } from '../../../lambda/contract/reconciler-environment.ts';
import { loadInbound, loadMissed } from '../../../lambda/providers/registry.ts';
import { createReconciler } from '../../../lambda/reconciler/reconciler.ts';
import { StackClock } from '../../../local/clock.ts';
import { FaultBoard } from '../../../local/faults/faults.ts';
import { ownHosts } from '../../../local/network/own-hosts.ts';
import { AcceptedLog } from '../../../local/simulators/accepted-log.ts';
import { httpSimulator } from '../../../local/simulators/http-simulator.ts';
import type { ReceiveOptions } from '../../../local/simulators/inbound/posting.ts';
import { Receiving, withReceiving } from '../../../local/simulators/inbound/receiving.ts';
import { posting as mailgun } from '../../../local/simulators/mailgun/posting.ts';
import { posting as postmark } from '../../../local/simulators/postmark/posting.ts';
import { listening } from '../../support/local-server.ts';
import { memoryTable } from '../../support/memory-table.ts';

const HOUR = 3_600_000;
/** Factor by which the waits of the reconciler are shortened: Mailgun's 45 minutes take 5.4 s. */
const SCALE = 500;
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

describe('Mailgun', () => {
  test('fetches stored mail that was not posted, complete, and only once', async () => {
    const world = await givenWorld('mailgun');
    await world.take({ form: 'store', hold: 'lost' }, 'a');

    await world.run();
    await world.run();

    expect(world.messages()).toMatchObject([
      { provider: 'it', messageId: '<a@example.com>', text: expect.stringMatching(/^hello/), raw: { form: 'mime' } },
    ]);
    expect(world.messages()[0]?.attachments).toMatchObject([{ filename: 'a.bin', size: 3 }]);
    expect(world.counts()).toMatchObject({ recovered: 1, looked: 2 });
  });

  test('fetches mail that was posted without success to the end of the schedule', async () => {
    const world = await givenWorld('mailgun');
    const failed = await world.take({ form: 'form' }, 'a');
    await until(() => failed.status === 'failed');

    await world.run();

    expect(world.messages()).toMatchObject([{ messageId: '<a@example.com>' }]);
  });

  test('does not fetch what arrived', async () => {
    const world = await givenWorld('mailgun');
    await world.take({ form: 'store', hold: 'lost' }, 'a');
    await world.run();
    await world.take({ form: 'store', hold: 'lost' }, 'b');
    world.forgetCursor();
    world.asked.length = 0;

    await world.run();

    expect(world.messages()).toHaveLength(2);
    expect(world.asked.filter((path) => path.includes('/messages/'))).toHaveLength(1);
  });

  test('puts a notice on the queue when the copy is gone, once', async () => {
    const world = await givenWorld('mailgun');
    await world.take({ form: 'store', hold: 'lost' }, 'a');
    world.onlyEvents();
    await world.run();
    expect(world.messages()).toEqual([]);

    world.pass(8 * HOUR);
    await world.run();
    await world.run();

    expect(world.messages()).toMatchObject([
      { messageId: '<a@example.com>', subject: 'one', flags: ['truncated'], raw: { form: 'request' } },
    ]);
    expect(world.counts()).toMatchObject({ notice: 1 });
  });

  test('completes a mail that arrived in part, once its storage has it', async () => {
    const world = await givenWorld('mailgun');
    await world.take({ form: 'store', hold: 'lost' }, 'a');
    world.onlyEvents();
    await world.run();
    world.pass(8 * HOUR);
    await world.run();
    expect(world.messages()).toMatchObject([{ flags: ['truncated'] }]);

    world.forget();
    world.onlyEvents(false);
    await world.run();
    await world.run();

    expect(world.messages()).toHaveLength(2);
    expect(world.messages()[1]?.attachments).toMatchObject([{ filename: 'a.bin' }]);
  });

  test('checks again in the next run what could not be fetched', async () => {
    const world = await givenWorld('mailgun');
    await world.take({ form: 'store', hold: 'lost' }, 'a');
    world.breakStorage(true);
    await world.run();
    expect(world.messages()).toHaveLength(0);
    expect(world.counts()).toMatchObject({ behind: 1 });

    world.breakStorage(false);
    await world.run();

    expect(world.messages()).toHaveLength(1);
  });
});

describe('Postmark', () => {
  test('has failed mail posted again, at most twice, then delivers what is known, flagged', async () => {
    const world = await givenWorld('postmark');
    const failed = await world.take({}, 'a');
    await until(() => failed.status === 'failed');

    const tries: number[] = [];
    for (let run = 0; run < 4; run += 1) {
      await world.run();
      await until(() => failed.status === 'failed');
      tries.push(failed.tries.length);
      world.pass(HOUR);
    }

    expect(tries).toEqual([22, 33, 33, 33]);
    expect(world.messages()).toMatchObject([
      { messageId: '<a@example.com>', text: expect.stringMatching(/^hello/), flags: ['truncated'] },
    ]);
    expect(world.messages()[0]).not.toHaveProperty('attachments');
    expect(world.counts()).toMatchObject({ asked: 2, notice: 1 });
  });

  test('does not ask again while the provider is still retrying', async () => {
    const world = await givenWorld('postmark');
    const failed = await world.take({}, 'a');
    await until(() => failed.status === 'failed');

    await world.run();
    await world.run();

    expect(world.counts()).toMatchObject({ asked: 1 });
  });

  test('delivers a notice at once for mail that is too large to be posted', async () => {
    const world = await givenWorld('postmark');
    const failed = await world.take({}, 'a', 5 * 1024 * 1024);
    await until(() => failed.status === 'failed');

    await world.run();

    expect(failed.tries).toHaveLength(11);
    expect(world.messages()).toMatchObject([{ messageId: '<a@example.com>', flags: ['truncated'] }]);
  });

  test('delivers mail without attachments from the stored copy when posting it again fails', async () => {
    const world = await givenWorld('postmark');
    await world.take({ hold: 'lost' }, 'a', 'nothing');

    await world.run();

    expect(world.messages()).toMatchObject([{ messageId: '<a@example.com>', text: expect.stringMatching(/^hello/) }]);
    expect(world.messages()[0]).not.toHaveProperty('flags');
    expect(world.counts()).toMatchObject({ recovered: 1 });
  });

  test('receives blocked mail, or leaves it to the rule', async () => {
    const receives = await givenWorld('postmark');
    const leaves = await givenWorld('postmark', { missed: { blocked: 'leave' } });
    const [one, other] = [await receives.take({ hold: 'blocked' }, 'a'), await leaves.take({ hold: 'blocked' }, 'a')];

    await receives.run();
    await leaves.run();

    await until(() => one.tries.length > 0);
    expect(other.status).toBe('blocked');
  });

  test('checks all of a long list, run by run', { timeout: 60_000 }, async () => {
    const world = await givenWorld('postmark');
    for (let n = 0; n < 520; n += 1) await world.take({ hold: 'lost' }, `m${n}`, 'nothing');

    for (let run = 0; run < 30 && world.messages().length < 520; run += 1) await world.run();

    expect(new Set(world.messages().map(({ messageId }) => messageId)).size).toBe(520);
    expect(world.messages()).toHaveLength(520);
  });
});

test.each(['mailgun', 'postmark'] as const)('%s that does not answer is counted, and loses nothing', async (type) => {
  const world = await givenWorld(type);
  await world.take({ form: 'store', hold: 'lost' }, 'a', 'nothing');
  await world.faults.set('it', [{ respond: { status: 500, body: 'x' }, on: 'all' }]);
  await world.run();
  expect(world.counts()).toEqual({ failed: 1 });

  await world.faults.clear('it');
  await world.run();

  expect(world.messages()).toHaveLength(1);
});

/**
 * These tests use a simulated provider whose posts of received mail do not arrive, and the reconciler for this provider. One hour
 * of the provider's time takes one millisecond.
 */
describe.each(['mailgun', 'postmark'] as const)('a canary at %s', (type) => {
  const way = { way: 'out', provider: 'pm' } as const;
  const token = tokenOf(way, 1_800_000_000_000, 'secret');

  test('that the receiver did not get is no missed mail, and does not count as returned', async () => {
    const world = await givenWorld(type);
    world.table.items.set(canaryKey(way), { pk: canaryKey(way), to: 'box@in.example.com', secret: 'secret', rev: 1 });
    await world.take({ form: 'store', hold: 'lost' }, 'a', 'nothing', token);
    const failed = await world.take({ form: 'form' }, 'b', 'nothing', token);
    await until(() => failed.status === 'failed');

    await world.run();
    await world.run();

    expect(world.messages()).toEqual([]);
    expect(world.counts()).toEqual({ looked: 2 });
    expect(world.table.items.get(canaryKey(way))).not.toHaveProperty('newestBack');
  });

  test('is recognised only by its token and at its own address', async () => {
    const world = await givenWorld(type);
    world.table.items.set(canaryKey(way), { pk: canaryKey(way), to: 'box@in.example.com', secret: 'other', rev: 1 });
    await world.take({ form: 'store', hold: 'lost' }, 'a', 'nothing', token);

    await world.run();

    expect(world.messages()).toMatchObject([{ messageId: '<a@example.com>' }]);
    expect(world.counts()).toMatchObject({ recovered: 1 });
  });
});

async function givenWorld(type: 'mailgun' | 'postmark', more: Partial<ReconciledProvider> = {}) {
  let endpoint = '';
  const faults = new FaultBoard();
  const asked: string[] = [];
  let onlyEvents = false;
  let storageBroken = false;
  const receiving = new Receiving({
    key: 'it',
    type: { mailgun, postmark }[type],
    clock: new StackClock(1_000_000),
    target: () => ({ url: 'http://127.0.0.1:1', route: { path: '/x', storePath: '/x', signingKey: 'k' } }),
    endpoint: () => endpoint,
  });
  const rest = {
    occasionOf: () => 'lookup' as const,
    textOf: async () => '',
    answer: async () => ({ status: 404, body: '{}' }),
  };
  const behaviour = withReceiving(rest, { receiving, apiKey: 'key', timeScale: 1 });
  const watched = {
    ...behaviour,
    answer: async (request: Parameters<typeof behaviour.answer>[0]) => {
      asked.push(request.path);
      const storage = request.path.includes('/domains/');
      if (storage && onlyEvents) return { status: 404, body: '{}' };
      if (storage && storageBroken) return { status: 503, body: '{}' };
      return await behaviour.answer(request);
    },
  };
  const server = httpSimulator('it', watched, faults, new AcceptedLog(), ownHosts());
  servers.push(server);
  endpoint = await listening(server);

  const queue: string[] = [];
  const counts = new Map<string, number>();
  const table = memoryTable();
  let passed = 0;
  const provider: ReconciledProvider = {
    key: 'it',
    type,
    secretName: 'inbound',
    apiSecretName: 'account',
    missed: type === 'mailgun' ? { domains: ['in.example.com'] } : {},
    ...more,
  };
  const reconcile = createReconciler({
    environment: {
      providers: [provider],
      inboundQueueUrl: 'queue',
      mailBucket: 'bucket',
      stateTable: 'table',
      timeScale: SCALE,
      endpoints: { it: endpoint },
    },
    loadInbound,
    loadMissed,
    secrets: { read: async (name) => (name === 'account' ? { serverToken: 'key' } : { apiKey: 'key' }) },
    store: {
      put: async (key) => ({ bucket: 'bucket', key }),
      get: async () => Buffer.alloc(0),
    },
    queue: { send: async (_url, body) => void queue.push(body) },
    table,
    fetch,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    metrics: {
      add: (name, value, dimensions) => {
        const outcome = dimensions?.outcome ?? '';
        if (name === 'InboundReconciled') counts.set(outcome, (counts.get(outcome) ?? 0) + value);
      },
    },
    clock: { now: () => Date.now() + passed, sleep: async () => {} },
  });
  return {
    faults,
    table,
    asked,
    take: async (options: ReceiveOptions, name: string, attached: number | 'nothing' = 3, token?: string) => {
      const mime = mail(name, attached === 'nothing' ? undefined : attached);
      const raw = token === undefined ? mime : Buffer.concat([Buffer.from(`${TOKEN_HEADER}: ${token}\r\n`), mime]);
      return await receiving.take({ raw, from: 'ada@example.com', to: 'box@in.example.com' }, options);
    },
    run: async () => {
      // Advances the clock until the reconciler may ask for the mail. The clock stops at a full second, since Postmark filters by
      // seconds.
      passed += 6_500;
      await reconcile(() => 60_000);
    },
    pass: (ms: number) => {
      passed += ms / SCALE;
    },
    onlyEvents: (only = true) => {
      onlyEvents = only;
    },
    breakStorage: (broken: boolean) => {
      storageBroken = broken;
    },
    /** Deletes the reconciler's records, as if another function had sent the messages to the queue. */
    forget: () => {
      for (const pk of table.items.keys()) if (/^reconcile[rd]\//.test(pk)) table.items.delete(pk);
    },
    forgetCursor: () => void table.items.delete('reconciler/it'),
    counts: () => Object.fromEntries(counts),
    messages: () => queue.map((body): InboundMessage => inboundSchema.parse(JSON.parse(body)) as InboundMessage),
  };
}

function mail(name: string, attached: number | undefined): Buffer {
  const head = `Message-ID: <${name}@example.com>\r\nFrom: Ada <ada@example.com>\r\nTo: box@in.example.com\r\nSubject: one\r\n`;
  if (attached === undefined) return Buffer.from(`${head}\r\nhello\n`);
  const file = Buffer.alloc(attached, 7).toString('base64');
  return Buffer.from(
    `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\n\r\n--b\r\n` +
      `Content-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n${file}\r\n--b--\r\n`,
  );
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('not reached');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
