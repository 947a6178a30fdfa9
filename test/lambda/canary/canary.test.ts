import { describe, expect, it } from 'vitest';
import {
  type Canaries,
  canaryKey,
  canarySubmission,
  isGenuine,
  readToken,
  TOKEN_HEADER,
  tokenOf,
} from '../../../lambda/canary/canary.ts';
import { noteReturn } from '../../../lambda/canary/returned.ts';
import { switchItem } from '../../../lambda/circuit/items.ts';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { readSubmission, type Submission } from '../../../lambda/contract/submission.ts';
import { sendCanaries } from '../../../lambda/health/canaries.ts';
import { queueProofs } from '../../../lambda/platform/proof.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryTable } from '../../support/memory-table.ts';

const CANARY = { to: 'canary@in.example.com', from: 'check@example.com', everyMinutes: 30 };
const MX_CANARY = { to: 'canary@mg-only.in.example.com', from: 'check@example.com', everyMinutes: 30 };
const PROVIDER: ProviderConfig = { key: 'pm', type: 'postmark', options: {}, canary: CANARY };
const MINUTE = 60_000;
const SLOT = 30 * MINUTE;
const OUT: Canaries = { way: 'out', provider: 'pm', config: CANARY };

describe('the submission of a canary', () => {
  it('is valid, and sent through this provider only', () => {
    const submission = canarySubmission(OUT, 'token', SLOT);

    expect(readSubmission(JSON.stringify(submission))).toMatchObject({ submission });
    expect(submission).toMatchObject({
      from: 'check@example.com',
      to: ['canary@in.example.com'],
      headers: { [TOKEN_HEADER]: 'token' },
      providers: { only: ['pm'] },
      expiresAt: new Date(SLOT).toISOString(),
    });
  });

  it('has its id in an attribute, since a body with such an id is refused', () => {
    expect(canarySubmission(OUT, 'token', SLOT)).not.toHaveProperty('id');
    for (const id of ['mailover-canary:', 'mailover-canary:out:pm:7', 'mailover-canary:x@y'])
      expect(readSubmission(JSON.stringify({ ...canarySubmission(OUT, 'token', SLOT), id }))).toMatchObject({
        problem: { reason: 'Malformed', detail: expect.stringMatching(/^id: .*not beginning with mailover-canary:$/) },
      });
    for (const id of ['mailover-canary', 'Mailover-canary:x', 'x:mailover-canary:pm:1'])
      expect(readSubmission(JSON.stringify({ ...canarySubmission(OUT, 'token', SLOT), id }))).toMatchObject({
        kind: 'submission',
      });
  });

  it('has a class that the provider carries, and its own address as sender by default', () => {
    const { from: _, ...own } = CANARY;

    expect(canarySubmission({ ...OUT, config: own, class: 'codes' }, 'token', SLOT)).toMatchObject({
      class: 'codes',
      from: 'canary@in.example.com',
    });
  });

  it('of a receiving provider may be sent through any provider', () => {
    const submission = canarySubmission({ way: 'in', provider: 'mg', config: MX_CANARY }, 'token', SLOT);
    expect(submission).toMatchObject({ to: ['canary@mg-only.in.example.com'] });
    expect(submission).not.toHaveProperty('providers');
  });
});

describe('a token', () => {
  const token = tokenOf(OUT, 1_800_000_000_000, 'secret');

  it('contains provider and time, and is genuine only with the secret of its provider and direction', () => {
    expect(readToken(` ${token}\r\n`)).toEqual({ way: 'out', provider: 'pm', sentAt: 1_800_000_000_000 });
    expect(isGenuine(token, 'secret')).toBe(true);
    for (const [given, secret] of [
      [token, 'another'],
      [token, undefined],
      [token.replace('.pm.', '.mg.'), 'secret'],
      [token.replace('out.', 'in.'), 'secret'],
      [token.replace('1800000000000', '1800000000001'), 'secret'],
      [`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`, 'secret'],
      [token.slice(0, -1), 'secret'],
      ['', 'secret'],
      ['out.pm.1800000000000.', 'secret'],
      ['mailover-canary:out:pm:7', 'secret'],
    ] as const)
      expect(isGenuine(given, secret)).toBe(false);
  });
});

describe('sending canaries', () => {
  it('waits for the first slot, then sends one per slot, provider and direction, however often it runs, with its proof', async () => {
    const world = given({ inbound: true });

    for (let minute = 0; minute < 30; minute++) {
      await world.tick();
      await world.clock.pass(MINUTE);
    }
    expect(world.sent).toEqual([]);
    for (let minute = 30; minute < 91; minute++) {
      await world.tick();
      await world.clock.pass(MINUTE);
    }

    const slots = [1, 2, 3].flatMap((more) => [`out:pm:${world.due(more)}`, `in:mg:${world.due(more)}`]);
    expect(world.sent.map(({ attributes }) => attributes['SubmissionId'])).toEqual(
      slots.map((name) => `mailover-canary:${name}`),
    );
    for (const { url, body, attributes } of world.sent) {
      expect(url).toBe('outbound');
      expect(await world.proofs.holds(body, attributes)).toBe(true);
    }
    expect(new Set(world.sent.map(tokenIn)).size).toBe(6);
  });

  it('sends one when two runs are simultaneous', async () => {
    const world = given();
    await Promise.all([world.tick(), world.tick(), world.tick()]);
    await world.clock.pass(SLOT);

    await Promise.all([world.tick(), world.tick(), world.tick()]);

    expect(world.sent).toHaveLength(1);
  });

  it('writes the age of the newest canary that returned, counted from the first run', async () => {
    const world = given();
    await world.first();
    await world.clock.pass(20 * MINUTE);
    await world.tick();
    expect(world.ages).toEqual([0, 1_800, 3_000]);

    await world.comesBack(0);
    await world.clock.pass(MINUTE);
    await world.tick();
    expect(world.ages.at(-1)).toBe(1_260);
  });

  it('grows old with a provider that delivers ten hours late, though one returns in every slot', async () => {
    const world = given();
    for (let minute = 0; minute < 24 * 60; minute++) {
      await world.tick();
      if (minute >= 630 && (minute - 630) % 30 === 0) await world.comesBack((minute - 630) / 30);
      await world.clock.pass(MINUTE);
    }

    // The alarm is raised at an age of one hour and ten minutes.
    expect(Math.min(...world.ages.slice(630))).toBeGreaterThanOrEqual(36_000);
    expect(Math.max(...world.ages.slice(635))).toBeLessThanOrEqual(36_000 + 1_800);
  });

  it('does not get younger by an old one that returns after a newer one', async () => {
    const world = given();
    await world.first();
    await world.clock.pass(SLOT);
    await world.tick();
    await world.comesBack(1);
    await world.comesBack(0);
    await world.comesBack(1);
    await world.clock.pass(MINUTE);
    await world.tick();
    expect(world.ages.at(-1)).toBe(60);
  });

  it('counts in stack time', async () => {
    const world = given({ timeScale: 60 });
    for (let second = 0; second < 61; second++) {
      await world.tick();
      await world.clock.pass(1_000);
    }

    expect(world.sent).toHaveLength(2);
    expect(world.ages.at(-1)).toBe(3_600);
  });

  it('sends none and writes no age while an operator isolates the provider, and starts again afterwards', async () => {
    const world = given({ inbound: true });
    await world.first();
    const isolation = { since: 1, until: world.clock.now() + 300 * MINUTE, reason: 'moving', who: 'ada' };
    world.table.items.set('switch/pm', { ...switchItem('pm', undefined, isolation), rev: 1 });
    world.table.items.set('switch/mg', { ...switchItem('mg', undefined, isolation), rev: 1 });

    for (let minute = 0; minute < 300; minute++) {
      await world.tick();
      await world.clock.pass(MINUTE);
    }
    // The operator's switch stops only the sending of mail through this provider. Canaries (test mails) still test whether the
    // provider receives mail.
    expect(world.ages).toHaveLength(2);
    expect(world.mxAges).toHaveLength(302);
    await world.tick();
    expect(world.ages).toEqual([0, 1_800, 60]);
    const out = () => world.sent.filter(({ attributes }) => attributes['SubmissionId']?.includes(':out:'));
    expect(out()).toHaveLength(1);
    await world.clock.pass(29 * MINUTE);
    await world.tick();
    expect(out()).toHaveLength(2);
  });

  it('continues after a failure of a table, a queue or a key, and the age shows what was missed', async () => {
    const world = given();
    world.table.behavior = 'fail';
    await world.tick();
    world.table.behavior = 'work';
    await world.tick();
    await world.clock.pass(SLOT);
    world.broken = true;
    await world.tick();
    world.broken = false;
    await world.clock.pass(SLOT);
    world.key = undefined;
    await world.tick();
    world.key = 'k';
    await world.clock.pass(SLOT);
    await world.tick();

    expect(world.sent.map(({ attributes }) => attributes['SubmissionId'])).toEqual([
      `mailover-canary:out:pm:${world.due(3)}`,
    ]);
    expect(world.ages).toEqual([0, 1_800, 3_600, 5_400]);
    expect(world.lines).toEqual(['canaries not sent', 'canary not sent', 'canary not sent']);
  });

  it('continues with another interval', async () => {
    const world = given();
    await world.first();
    world.config = { ...CANARY, everyMinutes: 1_440 };
    await world.clock.pass(1_441 * MINUTE);
    await world.tick();
    world.config = CANARY;
    await world.clock.pass(SLOT);
    await world.tick();
    expect(world.sent).toHaveLength(3);
  });
});

describe('the return of a canary', () => {
  it('is recorded with its own time, next to what others wrote', async () => {
    const world = given();
    await world.first();
    const item = world.item() ?? { pk: '', rev: 0 };
    world.table.items.set(item.pk, { ...item, later: 'kept' });
    const sentAt = world.clock.now();
    await world.clock.pass(MINUTE);

    expect(await world.comesBack(0)).toBe('canary@in.example.com');
    expect(world.item()).toMatchObject({ newestBack: sentAt, since: sentAt - SLOT, later: 'kept' });
  });

  it.each([
    ['at another address', { recipients: ['other@in.example.com', 'canary@in.example.com.evil.example'] }],
    ['at no address', { recipients: [] }],
    ['with a token of an unknown provider', { token: 'out.nobody.1800000000000.'.concat('A'.repeat(43)) }],
    ['with the id of a canary for a token', { token: 'mailover-canary:out:pm:1000000' }],
    ['with a token that was made up', { token: tokenOf(OUT, 1_800_000_000_000, '') }],
  ])('is not recorded for mail %s', async (_, change) => {
    const world = given();
    await world.first();
    const before = world.item();

    const token = tokenIn(world.sent[0]);
    const reception = { token, over: 'mg', recipients: ['canary@in.example.com'], ...change };
    expect(await noteReturn(world.table, reception)).toBeUndefined();
    expect(world.item()).toEqual(before);
  });

  it('is recognised in any case of its address, through any receiving provider', async () => {
    const world = given();
    await world.first();
    const recipients = ['x@in.example.com', ' Canary@IN.example.com'];
    expect(await noteReturn(world.table, { token: tokenIn(world.sent[0]), over: 'any', recipients })).toBe(
      recipients[1],
    );
  });

  it('through another provider than the tested one is recognised, and proves nothing', async () => {
    const world = given({ inbound: true });
    await world.first();
    const token = tokenIn(world.sent[1]);
    const recipients = [MX_CANARY.to];

    expect(await noteReturn(world.table, { token, over: 'pm', recipients })).toBe(MX_CANARY.to);
    expect(world.item('canary/in/mg')).not.toHaveProperty('newestBack');
    expect(await noteReturn(world.table, { token, over: 'mg', recipients })).toBe(MX_CANARY.to);
    expect(world.item('canary/in/mg')).toMatchObject({ newestBack: world.clock.now() });
  });

  it('is recorded by two simultaneous copies, and by the sender of the next one as well', async () => {
    const world = given();
    await world.first();
    const sentAt = world.clock.now();
    await world.clock.pass(SLOT);

    await Promise.all([world.comesBack(0), world.comesBack(0), world.tick()]);

    expect(world.item()).toMatchObject({ newestBack: sentAt });
  });

  it('is not decided while the table does not answer', async () => {
    const world = given();
    await world.first();
    world.table.behavior = 'fail';
    await expect(world.comesBack(0)).rejects.toThrow();
  });
});

interface Sent {
  readonly url: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

function tokenIn(sent: Sent | undefined): string {
  return (JSON.parse(sent?.body ?? '{}') as Submission).headers?.[TOKEN_HEADER] ?? '';
}

function given({ timeScale = 1, inbound = false } = {}) {
  const clock = manualClock(1_800_000_000_000);
  const table = memoryTable();
  const lines: string[] = [];
  const line = (message: string) => void lines.push(message);
  const proofs = queueProofs(
    'proof-key',
    { read: async () => (world.key === undefined ? Promise.reject(new Error('no key')) : { key: world.key }) },
    clock,
    { add: () => undefined },
  );
  const world = {
    clock,
    table,
    proofs,
    sent: [] as Sent[],
    ages: [] as number[],
    mxAges: [] as number[],
    lines,
    broken: false,
    config: CANARY,
    key: 'k' as string | undefined,
    /** Time at which the canary of a time slot is due; the first run is in slot 0. */
    due: (slot: number) => 1_800_000_000_000 + slot * SLOT,
    tick,
    /** Advances the clock until the first canary has been sent. */
    async first() {
      await tick();
      await clock.pass(SLOT);
      await tick();
    },
    item: (pk = canaryKey(OUT)) => table.items.get(pk),
    /** Makes a sent canary return: the first canary sent has `place` 0. */
    comesBack: (place: number) =>
      noteReturn(table, { token: tokenIn(world.sent[place]), over: 'mg', recipients: [CANARY.to] }),
  };
  async function tick() {
    await sendCanaries({
      providers: [
        { key: 'mg', type: 'mailgun', options: { domain: 'mg.example.com' } },
        { ...PROVIDER, canary: world.config },
      ],
      inboundCanaries: inbound ? [{ key: 'mg', canary: MX_CANARY }] : [],
      queue: {
        send: async (url, body, attributes = {}, _delaySeconds, group) => {
          if (world.broken) throw new Error('the queue does not answer');
          // Canaries have a message group of their own, so that they do not wait behind bulk mail or delay other mail.
          expect(group).toBe('canaries');
          world.sent.push({ url, body, attributes });
        },
      },
      outboundQueueUrl: 'outbound',
      proofs,
      table,
      metrics: {
        add: (name, value) => {
          if (name === 'CanaryAge') world.ages.push(value);
          if (name === 'MxCanaryAge') world.mxAges.push(value);
        },
      },
      log: { info: line, warn: line, error: line },
      clock,
      timeScale,
    });
  }
  return world;
}
