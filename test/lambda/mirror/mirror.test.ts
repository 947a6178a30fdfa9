import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SuppressionAnswer } from '../../../lambda/contract/suppression-command.ts';
import { createCommands } from '../../../lambda/mirror/commands.ts';
import type { OwnList } from '../../../lambda/providers/own-list.ts';
import { definitions, loadOwnList, loadProvider, type ProviderType } from '../../../lambda/providers/registry.ts';
import { addressIndex } from '../../../lambda/suppression/addresses.ts';
import { suppressionDoubt } from '../../../lambda/suppression/doubt.ts';
import { addressHashes } from '../../../lambda/suppression/hash.ts';
import { suppressionList } from '../../../lambda/suppression/list.ts';
import { pendingRemovals } from '../../../lambda/suppression/removals.ts';
import { unsubscribes } from '../../../lambda/suppression/unsubscribes.ts';
import { StackClock } from '../../../local/clock.ts';
import { FaultBoard } from '../../../local/faults/faults.ts';
import { ownHosts } from '../../../local/network/own-hosts.ts';
import { type Simulators, startSimulators } from '../../../local/simulators/main.ts';
import { simulatedTypes } from '../../../local/simulators/registry.ts';
import { memoryLists } from '../../support/memory-lists.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { attemptOf } from '../providers/attempt.ts';

const TYPES = (Object.keys(definitions) as ProviderType[]).filter((type) => definitions[type].ownList);
const GONE = 'HardBounce@bounce-testing.postmarkapp.com';
const before = { ...process.env };

let simulators: Simulators;
beforeAll(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' });
  simulators = await startSimulators({
    providers: TYPES.map((type) => ({ key: type, type, options: optionsOf(type) })) as never,
    basePort: 0,
    secrets: Object.fromEntries(TYPES.map((type) => [type, simulatedTypes[type].example.secret])),
    tls: { key: '', cert: '' },
    faults: new FaultBoard(),
    own: ownHosts(),
    // At this time scale the simulated provider reports a bounce immediately.
    clock: new StackClock(100_000),
  });
});
beforeEach(() => simulators.clear());
afterAll(async () => {
  process.env = before;
  await simulators?.close();
});

function optionsOf(type: ProviderType): object {
  const { options } = simulatedTypes[type].example;
  return type === 'ses' ? { ...options, configurationSet: 'set' } : options;
}

/** Creates the commands with simulated providers; all other dependencies are in memory. */
function givenCommands({
  doubted = [] as string[],
  secret = {} as Record<string, string>,
  overridesHardBounces = undefined as true | undefined,
} = {}) {
  const [table, lists] = [memoryTable(), memoryLists()];
  const world = { now: Date.now(), metrics: [] as string[], isPostmarkDown: false };
  const clock = { now: () => world.now, sleep: async () => {} };
  const secrets = {
    read: async (name: string) =>
      name === 'list' ? { key: 'k' } : { ...simulatedTypes[name as ProviderType].example.secret, ...secret },
  };
  const index = addressIndex(lists);
  const suppressions = suppressionList(table, index, secrets as never, 'list', clock as never);
  const hashes = addressHashes(secrets as never, 'list');
  const left = unsubscribes(table, hashes, clock.now);
  const note = () => {};
  const commands = createCommands({
    environment: {
      providers: TYPES.map((type) => ({ key: type, type, options: optionsOf(type), secretName: type })),
      reporting: [],
      overridesHardBounces,
      endpoints: simulators.endpoints,
    },
    suppressions,
    unsubscribes: left,
    index,
    removals: pendingRemovals(lists, hashes),
    doubt: {
      ...suppressionDoubt({ providers: [], lists, table, clock }),
      isDoubted: async (key: string) => doubted.includes(key),
    },
    secrets,
    fetch: (async (url, init) => {
      if (world.isPostmarkDown && String(url).startsWith(simulators.endpoints['postmark'] ?? ''))
        throw new Error('down');
      return await fetch(url, init);
    }) as typeof fetch,
    clock,
    log: { info: note, warn: note, error: note },
    metrics: {
      add: (name: string, _n: number, by: object) => world.metrics.push(`${name} ${Object.values(by).join(' ')}`),
    },
    loadOwnList,
  } as never);
  const run = (event: object): Promise<SuppressionAnswer> => commands(event, () => 900_000);
  const addresses = async () => {
    const answer = await run({ command: 'list' });
    return answer.kind === 'listed' ? answer.entries.map(({ address, source }) => `${address} ${source}`) : answer;
  };
  return Object.assign(world, { run, addresses, suppressions, left });
}

async function listOf(type: ProviderType): Promise<OwnList> {
  const { ownList } = await loadOwnList(type);
  const endpoint = simulators.endpoints[type] ?? '';
  return ownList({ endpoint, options: optionsOf(type), secret: simulatedTypes[type].example.secret, fetch });
}

async function entriesOf(type: ProviderType) {
  const all = [];
  for await (const page of (await listOf(type)).entries()) all.push(...page);
  return all.map(({ address, reason }) => `${address} ${reason}`);
}

async function sendTo(type: ProviderType, to: string): Promise<void> {
  const endpoint = simulators.endpoints[type] ?? '';
  const context = { key: type, options: optionsOf(type), secret: simulatedTypes[type].example.secret, endpoint };
  const provider = (await loadProvider(type)).create(context as never);
  await provider.send(
    attemptOf({
      message: { to: [{ address: to }], bcc: [] },
      attempt: { recipients: [to], deadlineMs: 4_000, connectMs: 2_000 },
    }),
  );
  provider.close?.();
}

describe.each(TYPES)('the own list of %s', (type) => {
  it('has an address that bounced there; it is imported once, and removed there with ours', async () => {
    const { run, addresses } = givenCommands();
    await sendTo(type, GONE);
    await expect.poll(() => entriesOf(type)).toEqual([`${GONE} hard-bounce`]);

    const counts = (imported: number) => ({ kind: 'mirrored', providers: [{ outcome: 'done', imported }] });
    expect(await run({ command: 'import', provider: type })).toMatchObject(counts(1));
    expect(await run({ command: 'import', provider: type })).toMatchObject(counts(0));
    expect(await addresses()).toEqual([`${GONE} ${type}`]);

    expect(await run({ command: 'remove', address: GONE })).toMatchObject({
      kind: 'removed',
      listed: true,
      providers: expect.arrayContaining([{ provider: type, result: 'removed' }]),
    });
    expect(await entriesOf(type)).toEqual([]);
    expect(await addresses()).toEqual([]);
  });

  it('with a wrong key fails with a hint, and no address', async () => {
    if (type === 'ses') return;
    const { run, metrics } = givenCommands({ secret: { apiKey: 'wrong', serverToken: 'wrong' } });
    const answer = await run({});

    expect(answer).toMatchObject({
      providers: expect.arrayContaining([
        expect.objectContaining({ provider: type, outcome: 'failed', detail: expect.stringContaining('401') }),
      ]),
    });
    expect(metrics).toContain(`SuppressionMirrored ${type} failed`);
  });
});

it('the daily run adds what one provider reported to the others, and leaves manual entries out', async () => {
  const { run, suppressions, now } = givenCommands();
  await suppressions.add('ada@example.org', { reason: 'hard-bounce', source: 'postmark', at: now });
  await suppressions.add('bob@example.org', { reason: 'manual', source: 'eve', at: now });
  await suppressions.add('cid@example.org', { reason: 'complaint', source: 'ses', at: now });

  expect(await run({ 'detail-type': 'Scheduled Event' })).toMatchObject({
    kind: 'mirrored',
    providers: TYPES.map((provider) => ({ provider, outcome: 'done', imported: 0 })),
  });

  expect(await entriesOf('mailgun')).toEqual(['ada@example.org hard-bounce', 'cid@example.org complaint']);
  expect(await entriesOf('ses')).toEqual(['ada@example.org hard-bounce']);
  // Postmark stores an entry that was added through its API as a manual entry, so the mirror does not read it as an entry of Postmark's own.
  expect(await entriesOf('postmark')).toEqual([]);
  const answer = await run({ command: 'mirror' });
  expect(answer).toMatchObject({
    providers: expect.arrayContaining([{ provider: 'mailgun', outcome: 'done', added: 0, imported: 0, removed: 0 }]),
  });
});

it('a complaint on the list of a provider takes the place of a hard bounce, once', async () => {
  const { run, suppressions, now } = givenCommands();
  await suppressions.add('ada@example.org', { reason: 'hard-bounce', source: 'ses', at: now });
  await (await listOf('mailgun')).add?.([{ address: 'ada@example.org', reason: 'complaint', at: now - 60_000 }]);
  const imported = async () => await run({ command: 'import', provider: 'mailgun' });

  expect(await imported()).toMatchObject({ providers: [{ imported: 1 }] });
  const found = await suppressions.find(['ada@example.org']);
  expect(found.get('ada@example.org')).toMatchObject({ reason: 'complaint', source: 'mailgun' });
  expect(await imported()).toMatchObject({ providers: [{ imported: 0 }] });
});

it('hard bounces are added to no provider if a class overrides them, complaints are', async () => {
  const { run, suppressions, now } = givenCommands({ overridesHardBounces: true });
  await suppressions.add('ada@example.org', { reason: 'hard-bounce', source: 'postmark', at: now });
  await suppressions.add('cid@example.org', { reason: 'complaint', source: 'ses', at: now });

  await run({});
  expect(await entriesOf('mailgun')).toEqual(['cid@example.org complaint']);
  expect(await entriesOf('ses')).toEqual([]);
});

it('an unsubscribe is ended by hand, and neither that from another class nor a suppression', async () => {
  const { run, left, suppressions } = givenCommands();
  const ada = { address: 'ada@example.org', class: 'news' };
  for (const name of ['news', 'offers']) await left.add({ ...ada, class: name }, { at: 1, source: 'mailover' });
  await suppressions.add(ada.address, { reason: 'complaint', source: 'ses', at: 1 });
  const end = () => run({ command: 'remove', ...ada });

  expect([await end(), await end()]).toEqual([
    { kind: 'subscribed', was: true },
    { kind: 'subscribed', was: false },
  ]);
  expect([...(await suppressions.find([ada.address], 'news')).values()]).toMatchObject([{ reason: 'complaint' }]);
  expect(await left.remove({ ...ada, class: 'offers' })).toBe(true);
});

it('a provider in doubt fills nothing, and what it had listed is taken back by one command', async () => {
  const { run, addresses, suppressions, now } = givenCommands({ doubted: ['mailgun'] });
  await (await listOf('mailgun')).add?.([{ address: 'new@example.org', reason: 'hard-bounce', at: now }]);
  await suppressions.add('wrong@example.org', { reason: 'hard-bounce', source: 'mailgun', at: now - 3_600_000 });
  await suppressions.add('old@example.org', { reason: 'hard-bounce', source: 'mailgun', at: now - 9 * 86_400_000 });
  await suppressions.add('other@example.org', { reason: 'hard-bounce', source: 'ses', at: now });

  await run({ command: 'mirror' });
  expect(await addresses()).not.toContain('new@example.org mailgun');

  const since = now - 2 * 86_400_000;
  expect(await run({ command: 'take-back', provider: 'mailgun', since })).toMatchObject({
    kind: 'taken-back',
    removed: 1,
  });
  expect((await addresses()) as string[]).toEqual(
    expect.arrayContaining(['old@example.org mailgun', 'other@example.org ses']),
  );
});

/** Returns whether Postmark has the address on its suppression list, as a manual entry or as an entry of Postmark's own. */
async function isAtPostmark(address: string): Promise<boolean> {
  const url = `${simulators.endpoints['postmark']}/message-streams/outbound/suppressions/dump`;
  const { serverToken = '' } = simulatedTypes.postmark.example.secret as Record<string, string>;
  const answer = await fetch(url, { headers: { 'x-postmark-server-token': serverToken } });
  return (await answer.text()).includes(address);
}

it('take-back takes the entries from the lists of the providers, too; the daily run repeats what failed', async () => {
  const world = givenCommands();
  const wrong = ['a@example.org', 'b@example.org'] as const;
  for (const address of wrong)
    await world.suppressions.add(address, { reason: 'hard-bounce', source: 'mailgun', at: world.now });
  await world.run({ command: 'mirror' });
  expect(await Promise.all(wrong.map(isAtPostmark))).toEqual([true, true]);

  world.isPostmarkDown = true;
  const answer = await world.run({ command: 'take-back', provider: 'mailgun', since: 0 });
  expect(answer).toMatchObject({ kind: 'taken-back', removed: 2 });
  expect(answer.kind === 'taken-back' ? answer.providers : []).toEqual(
    expect.arrayContaining([
      { provider: 'ses', result: '2 removed there' },
      { provider: 'postmark', result: expect.stringContaining('failed') },
    ]),
  );
  world.isPostmarkDown = false;
  // Postmark reports a bounce of this address after the start of the command. Therefore the address stays on the list.
  await world.suppressions.add(wrong[1], { reason: 'hard-bounce', source: 'postmark', at: world.now + 1 });
  const postmark = async () => {
    const done = await world.run({});
    return done.kind === 'mirrored' ? done.providers.find(({ provider }) => provider === 'postmark') : undefined;
  };

  expect(await postmark()).toMatchObject({ outcome: 'done', removed: 1 });
  expect(await Promise.all(wrong.map(isAtPostmark))).toEqual([false, true]);
  expect(await postmark()).toMatchObject({ removed: 0 });
});

it('a removal that a provider did not follow is repeated by the daily run', async () => {
  const world = givenCommands();
  await world.suppressions.add('a@example.org', { reason: 'hard-bounce', source: 'mailgun', at: world.now });
  await world.run({ command: 'mirror' });

  world.isPostmarkDown = true;
  await world.run({ command: 'remove', address: 'a@example.org' });
  world.isPostmarkDown = false;
  expect(await isAtPostmark('a@example.org')).toBe(true);
  await world.run({});
  expect(await isAtPostmark('a@example.org')).toBe(false);
});

it('far more new entries than the mail of a provider explains are taken over only when an operator confirms them', async () => {
  const { run, addresses, metrics, now } = givenCommands();
  const put = async (number: number) =>
    await (await listOf('mailgun')).add?.(
      Array.from(
        { length: number },
        (_, n) => ({ address: `a${n}@example.org`, reason: 'complaint', at: now }) as const,
      ),
    );
  await put(60);
  // A hard bounce of more than 180 days ago does not put its address on the suppression list.
  const old = { address: 'old@example.org', reason: 'hard-bounce', at: now - 200 * 86_400_000 } as const;
  await (await listOf('mailgun')).add?.([old]);
  const doubted = { provider: 'mailgun', outcome: 'doubted', imported: 0, withheld: 60 };

  expect(await run({})).toMatchObject({ providers: expect.arrayContaining([expect.objectContaining(doubted)]) });
  expect(metrics).toContain('SuppressionsWithheld mailgun');
  expect(await run({ command: 'import', provider: 'mailgun' })).toMatchObject({ providers: [doubted] });
  expect(await addresses()).toEqual([]);
  expect(await run({ command: 'import', provider: 'mailgun', isConfirmed: true })).toMatchObject({
    providers: [{ outcome: 'done', imported: 60 }],
  });

  await put(100);
  expect(await run({ command: 'import', provider: 'mailgun' })).toMatchObject({
    providers: [{ outcome: 'done', imported: 40 }],
  });
});

it('the bounce of a block at a provider is not taken over', async () => {
  const { run } = givenCommands();
  const url = `${simulators.endpoints['mailgun']}/v3/mg.example.com/bounces`;
  const authorization = `Basic ${Buffer.from('api:key').toString('base64')}`;
  const body = [
    { address: 'a@example.org', code: '550', error: '5.7.1 Your host is on a blocklist' },
    { address: 'b@example.org', code: '552', error: '5.2.2 The mailbox is full' },
    { address: 'c@example.org', code: '550', error: '5.1.1 No such user' },
  ];
  await fetch(url, { method: 'POST', headers: { authorization }, body: JSON.stringify(body) });

  expect(await run({ command: 'import', provider: 'mailgun' })).toMatchObject({ providers: [{ imported: 1 }] });
});

it('a removed address comes back only by newer news, and is removed at a provider that failed before', async () => {
  const { run, addresses, suppressions, ...world } = givenCommands();
  await (await listOf('mailgun')).add?.([
    { address: 'ada@example.org', reason: 'hard-bounce', at: world.now - 60_000 },
  ]);
  await suppressions.add('ada@example.org', { reason: 'hard-bounce', source: 'mailgun', at: world.now - 60_000 });
  await suppressions.remove('ada@example.org');

  expect(await run({ command: 'import', provider: 'mailgun' })).toMatchObject({
    providers: [{ imported: 0, removed: 1 }],
  });
  expect(await addresses()).toEqual([]);
  expect(await entriesOf('mailgun')).toEqual([]);
});

it.each([
  [{ command: 'import', provider: 'nothing' }, 'there is no provider "nothing" with a list of its own; there are: '],
  [{ command: 'remove', address: 'ada' }, ''],
  [{ command: 'erase' }, ''],
])('refuses %o', async (event, message) => {
  const { run } = givenCommands();
  expect(await run(event)).toMatchObject({ kind: 'refused', message: expect.stringContaining(message) });
});
