import { describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import { sendBatch } from '../../../lambda/sender/batch.ts';
import { openGate } from '../../support/open-gate.ts';
import { givenWorld, type Script } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const mail = { version: 1, id: 'order-1', from: 'a@example.com', to: ['b@example.org'], subject: 'hi', text: 'hello' };
const stored = { version: 1, s3: { bucket: 'mail', key: 'submissions/poison' } };
const accepted: Outcome = { kind: 'accepted', providerMessageId: '1' };
const down: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'server-error' };
const LEASE_MS = 60_001;
/** Creates a world in which the process crashes as soon as it reads an object. The unfinished work of the process does not continue. */
function givenPoison(script: Script = {}, gate = openGate) {
  let death = Promise.withResolvers<string>();
  const read = () => {
    death.resolve('died');
    return new Promise<never>(() => {});
  };
  const world = givenWorld(script, { gate, objects: { read } });
  const log = { info() {}, warn() {}, error() {} };
  const clock = { now: () => world.now, sleep: () => new Promise<void>(() => {}) };
  return {
    world,
    /** Gives a batch of messages to a process. Resolves with the answer of the process, or when the process has crashed. */
    invoke: async (...records: ReturnType<typeof sqsRecord>[]) => {
      death = Promise.withResolvers();
      const answer = sendBatch(records, () => 60_000, { send: world.send, clock, log });
      const first = await Promise.race([answer, death.promise]);
      world.now += LEASE_MS;
      world.restart();
      return first;
    },
  };
}

const receive = (body: unknown, messageId: string, receiveCount: number) =>
  sqsRecord(body, { messageId, receiveCount });

describe('a message that crashes processes', () => {
  it('is dead-lettered as Crashed after the third crash, with its id, and is not processed again', async () => {
    const { world, invoke } = givenPoison();

    for (const count of [1, 2, 3]) expect(await invoke(receive(stored, 'poison', count))).toBe('died');
    expect(world.sent).toEqual([]);
    expect(await invoke(receive(stored, 'poison', 4))).toEqual({ batchItemFailures: [] });

    expect(world.sent).toMatchObject([
      { queue: 'dead', body: JSON.stringify(stored), attributes: { Reason: 'Crashed', SubmissionId: 'poison' } },
    ]);
    expect(world.sent[0]?.attributes['Detail']).toMatch(/^3 processes of the sender crashed/);
  });

  it('is dead-lettered once if it is delivered twice in one batch', async () => {
    const { world, invoke } = givenPoison();
    for (const count of [1, 2, 3]) await invoke(receive(stored, 'poison', count), receive(stored, 'poison', count));

    const last = receive(stored, 'poison', 4);
    expect(await invoke(last, last)).toEqual({ batchItemFailures: [] });

    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Crashed' } }]);
  });

  it('is processed after the new messages of its batch; a message that waited behind it has no crash counted', async () => {
    const { world, invoke } = givenPoison({ postmark: [accepted, accepted] });
    const other = (id: string) => ({ ...mail, id });

    await invoke(receive(other('early'), 'early', 1), receive(stored, 'poison', 2), receive(other('late'), 'late', 2));
    expect(world.entry('early')?.state).toBe('done');
    expect(world.table.items.has('crash/late')).toBe(false);
    await invoke(receive(other('late'), 'late', 3));

    expect(world.entry('late')?.state).toBe('done');
    expect(world.sent).toEqual([]);
  });

  it('has its crash counted in the table, also if two workers get the message at the same time', async () => {
    const { world, invoke } = givenPoison();
    void world.send(receive(stored, 'poison', 2));
    await expect.poll(() => world.table.items.has('crash/poison')).toBe(true);
    world.restart();

    expect(await invoke(receive(stored, 'poison', 2))).toEqual({ batchItemFailures: [{ itemIdentifier: 'poison' }] });

    expect(world.table.items.get('crash/poison')).toMatchObject({ crashes: 1 });
  });

  it('is deleted if its mail has been accepted in the meantime', async () => {
    const { world, invoke } = givenPoison({ postmark: [accepted] });
    await world.send(receive(mail, 'other', 1));
    world.table.items.set('crash/again', {
      pk: 'crash/again',
      rev: 1,
      crashes: 2,
      owner: 'dead',
      until: world.now - 1,
    });

    expect(await invoke(receive(mail, 'again', 4))).toEqual({ batchItemFailures: [] });

    expect(world.sent).toEqual([]);
  });

  it('is dead-lettered as Crashed with its id, although its body is nested too deeply to be compared', async () => {
    const { world, invoke } = givenPoison();
    const body = `{"version":1,"id":"deep","text":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    world.table.items.set('crash/deep', { pk: 'crash/deep', rev: 1, crashes: 2, owner: 'dead', until: world.now - 1 });

    expect(await invoke(sqsRecord(body, { messageId: 'deep', receiveCount: 4 }))).toEqual({ batchItemFailures: [] });

    expect(world.sent).toMatchObject([
      { queue: 'dead', body, attributes: { Reason: 'Crashed', SubmissionId: 'deep' } },
    ]);
  });

  it('is dead-lettered as Crashed if another submission has its id, and does not change the record of the other submission', async () => {
    const { world, invoke } = givenPoison({ postmark: [accepted] });
    await world.send(receive(mail, 'other', 1));
    const before = world.entry();
    const later = new Date(world.now).toISOString();
    const attributes = { SubmissionId: 'order-1', FirstSeen: later, NotBefore: later };
    const conflict = { ...mail, text: 'another' };
    for (const record of [
      sqsRecord(conflict, { messageId: 'first', receiveCount: 4 }),
      sqsRecord(conflict, { messageId: 'retried', receiveCount: 4, queue: 'retry-postmark', attributes }),
    ]) {
      const pk = `crash/${record.messageId}`;
      world.table.items.set(pk, { pk, rev: 1, crashes: 2, owner: 'dead', until: world.now - 1 });
      expect(await invoke(record)).toEqual({ batchItemFailures: [] });
    }

    expect(world.sent).toMatchObject([
      { queue: 'dead', attributes: { Reason: 'Crashed', SubmissionId: 'order-1' } },
      { queue: 'dead', attributes: { Reason: 'Crashed', SubmissionId: 'order-1' } },
    ]);
    expect(world.entry()).toEqual(before);
  });

  it('with a begun attempt is also recorded as dead in the ledger, with an unknown outcome of the attempt', async () => {
    const { world, invoke } = givenPoison({ postmark: [new Promise(() => {}), accepted], mailgun: [accepted] });
    void world.send(receive(mail, 'order', 1));
    await expect.poll(() => world.calls).toEqual(['postmark']);
    world.now += LEASE_MS;
    world.restart();
    world.table.items.set('crash/order', {
      pk: 'crash/order',
      rev: 1,
      crashes: 2,
      owner: 'dead',
      until: world.now - 1,
    });

    await invoke(receive(mail, 'order', 4));

    expect(world.entry()).toMatchObject({ state: 'dead', reason: 'Crashed', attempts: [{ outcome: 'unknown' }] });
    expect(world.entry()?.lease).toBeUndefined();
    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Attempts: '1', LastProvider: 'postmark' } }]);
  });
});

describe('a message on which the code fails', () => {
  it('is dead-lettered as Crashed after the third error, with the name of the error', async () => {
    const defect = () => Promise.reject(new TypeError('a defect'));
    const { world, invoke } = givenPoison({}, { ...openGate, enter: defect });

    for (const count of [1, 2])
      expect(await invoke(receive(mail, 'm', count))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] });
    await invoke(receive(mail, 'm', 3));

    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Crashed' } }]);
    expect(world.sent[0]?.attributes['Detail']).toMatch(/failed on this message 3 times, last with TypeError/);
  });
});

describe('a message at its last receive', () => {
  it('is dead-lettered for its own reason, although the dead-letter queue accepted it only at the second try', async () => {
    const { world } = givenPoison();
    let fails = true;
    world.queueDown = () => {
      const isDown = fails;
      fails = false;
      return isDown;
    };

    await world.send(receive({ ...mail, version: 2 }, 'm', 5));

    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Malformed' } }]);
  });
});

describe('a message that stays on its queue for another reason', () => {
  it.each([1, 2])('has no crash counted, at receive %i and later, while no queue accepts it', async (first) => {
    const { world, invoke } = givenPoison({ postmark: [down, down, down], mailgun: [down, down, down] });
    world.queueDown = () => true;

    for (const count of [first, first + 1, first + 2])
      expect(await invoke(receive(mail, 'm', count))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] });

    expect(world.table.items.get('crash/m')).toMatchObject({ crashes: 0 });
    expect(world.sent).toEqual([]);
  });

  it('is processed without a count of crashes while the table fails', async () => {
    const { world, invoke } = givenPoison();
    world.table.behavior = 'fail';

    await invoke(receive(mail, 'm', 3));

    expect(world.sent).toMatchObject([{ queue: 'retry-postmark' }]);
  });
});

it('a first attempt that is accepted writes only to the ledger', async () => {
  const { world, invoke } = givenPoison({ postmark: [accepted] });

  await invoke(receive(mail, 'm', 1));

  expect(world.table.writes).toBe(2);
});

describe('a message while the table cannot end the claim of its worker', () => {
  it.each([1, 2])(
    'is not dead-lettered as Crashed, from receive %i on, if the table always fails when the claim ends',
    async (first) => {
      const { world } = givenReleasesThatFail();

      for (let count = first; count < first + 6; count += 1) {
        await expect(world.send(receive(mail, 'm', count))).rejects.toThrow();
        world.table.behavior = 'work';
        world.now += LEASE_MS;
      }

      world.queueDown = () => false;
      await world.send(receive(mail, 'm', first + 6));
      expect(world.sent).toMatchObject([{ queue: 'retry-postmark' }]);
    },
  );

  it('has no crash counted if the table stores the claims and answers with an error', async () => {
    const { world } = givenReleasesThatFail();
    const { table } = world;
    const write = table.write.bind(table);
    let isLost = true;
    vi.spyOn(table, 'write').mockImplementation(async (...given) => {
      const written = await write(...given);
      if (isLost && given[0].pk === 'crash/m' && given[0]['owner'] !== undefined)
        throw new Error('the answer was lost');
      return written;
    });
    for (let count = 2; count < 8; count += 1) {
      await expect(world.send(receive(mail, 'm', count))).rejects.toThrow();
      table.behavior = 'work';
      world.now += LEASE_MS;
    }
    isLost = false;
    world.queueDown = () => false;

    await world.send(receive(mail, 'm', 8));

    expect(world.sent).toMatchObject([{ queue: 'retry-postmark' }]);
  });

  it('has no crash counted if the table stores only some of the claims of a process', async () => {
    const { world } = givenReleasesThatFail();
    for (let count = 2; count < 14; count += 1) {
      // The table accepts only every third write with which a process claims the message. The table never accepts the write that
      // ends a claim.
      if (count % 3 === 2) world.table.behavior = 'work';
      await expect(world.send(receive(mail, 'm', count))).rejects.toThrow();
      world.now += LEASE_MS;
    }
    world.table.behavior = 'work';
    world.queueDown = () => false;

    await world.send(receive(mail, 'm', 14));

    expect(world.sent).toMatchObject([{ queue: 'retry-postmark' }]);
  });

  it('counts as not crashed for every process as soon as its process has another message', async () => {
    const { world } = givenReleasesThatFail();
    await expect(world.send(receive(mail, 'm', 2))).rejects.toThrow();
    expect(world.table.items.get('crash/m')).toHaveProperty('owner');

    world.table.behavior = 'work';
    world.queueDown = () => false;
    await world.send(receive({ ...mail, id: 'order-2' }, 'other', 1));

    expect(world.table.items.get('crash/m')).toMatchObject({ crashes: 0 });
    expect(world.table.items.get('crash/m')?.['owner']).toBeUndefined();
  });
});

/** Creates a world in which all queues refuse messages. After the first refusal the table fails, too. */
function givenReleasesThatFail() {
  const given = givenPoison({ postmark: Array(9).fill(down), mailgun: Array(9).fill(down) });
  given.world.queueDown = () => {
    given.world.table.behavior = 'fail';
    return true;
  };
  return given;
}
