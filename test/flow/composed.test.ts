import { simpleParser } from 'mailparser';
import PostalMime from 'postal-mime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CaseStack, givenCases, only, type Taken, type Type } from '../support/case-stack.ts';

// These tests check the mail that a simulated provider received. Two MIME parsers without common code read each mail, and must
// agree on the value of each field.

const MAIL = {
  version: 1,
  from: { name: 'Größe & Co', address: 'shop@example.com' },
  to: [{ name: 'Ada "the" <L>', address: 'ada@example.org' }],
  cc: ['bob@example.org'],
  bcc: ['hidden@example.org'],
  subject: 'Ваш заказ подтверждён — спасибо за покупку в нашем магазине',
  text: 'Hello',
  html: '<p>Hello <a href="https://example.com/reset?t=1">you</a></p>',
};
const INVITATION = {
  method: 'REQUEST',
  content: 'BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Größe\nEND:VEVENT\nEND:VCALENDAR\n',
};
const TYPES = ['postmark', 'mailgun', 'ses', 'smtp'] as const;
const COMPOSED = ['mailgun', 'ses', 'smtp'] as const;

let cases: CaseStack;

beforeAll(async () => {
  cases = await givenCases('test/flow/apps/variants.ts');
}, 120_000);
afterEach(() => cases.stack.repairAll());
afterAll(() => cases.stack.close());

/** Sends a submission, expects that a provider accepts the whole mail in one call, and returns the accepted mail. */
async function taken(submission: object): Promise<Taken> {
  const ending = await cases.ending(await cases.send(submission));
  expect(ending).toMatchObject({ end: 'done', taken: [expect.anything()] });
  return ending.taken[0] as Taken;
}

/** Reads the MIME source that a provider received with two parsers. */
async function readTwice({ rawBase64 }: Taken) {
  const raw = Buffer.from(rawBase64, 'base64');
  const [one, other] = await Promise.all([simpleParser(raw), PostalMime.parse(raw)]);
  return { raw: raw.toString('latin1'), one, other };
}

const headerOf = ({ headers }: Taken, name: string) =>
  headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];

describe('a composed mail', { timeout: 60_000 }, () => {
  it.each(COMPOSED)('is read in the same way by two parsers after it was sent through %s', async (type) => {
    const { one, other, raw } = await readTwice(await taken({ ...MAIL, ...only([type]) }));

    expect([one.subject, other.subject]).toEqual([MAIL.subject, MAIL.subject]);
    expect([one.from?.value, [other.from]]).toEqual([[MAIL.from], [expect.objectContaining(MAIL.from)]]);
    expect([one.to, other.to].flat()).toEqual([
      expect.objectContaining({ value: MAIL.to }),
      expect.objectContaining(MAIL.to[0] ?? {}),
    ]);
    expect([one.text?.trim(), other.text?.trim()]).toEqual(['Hello', 'Hello']);
    expect([one.html, other.html?.trim()]).toEqual([expect.stringContaining('reset?t=1'), MAIL.html]);
    expect(raw).not.toContain('hidden@example.org');
  });

  it.each(COMPOSED)('has an invitation as an alternative and as a file after it was sent through %s', async (type) => {
    const { one, other, raw } = await readTwice(await taken({ ...MAIL, calendar: INVITATION, ...only([type]) }));

    const file = INVITATION.content.replaceAll('\n', '\r\n');
    const alternative = /content-type: text\/calendar;\s*charset=utf-8;\s*method=REQUEST/i;
    expect(raw.match(new RegExp(alternative, 'gi'))).toHaveLength(1);
    expect(raw.indexOf('multipart/alternative')).toBeLessThan(raw.search(alternative));
    for (const files of [one.attachments, other.attachments]) {
      const invite = files.find(({ filename }) => filename === 'invite.ics');
      // One of the two parsers changes CRLF to LF in text files, so the line ends are made equal before the comparison.
      expect(
        Buffer.from(invite?.content as ArrayBuffer)
          .toString()
          .replace(/\r?\n/g, '\r\n'),
      ).toBe(file);
    }
  });

  it('is not sent through a provider that cannot send an invitation', async () => {
    const id = await cases.send({ ...MAIL, calendar: INVITATION, ...only(['postmark', 'mailgun']) });
    expect(await cases.ending(id)).toMatchObject({ end: 'done', called: ['mailgun'] });

    const alone = await cases.send({ ...MAIL, calendar: INVITATION, ...only(['postmark']) });
    expect(await cases.ending(alone)).toMatchObject({
      end: 'dead',
      reason: 'Refused',
      detail: expect.stringContaining('invitation'),
    });
  });

  it('is refused if its `method` differs from the method in its invitation', async () => {
    const calendar = { ...INVITATION, method: 'CANCEL' };
    expect(await cases.ending(await cases.send({ ...MAIL, calendar, ...only(['mailgun']) }))).toMatchObject({
      end: 'dead',
      reason: 'Malformed',
      detail: expect.stringMatching(/calendar/),
    });
  });
});

describe('tracking', { timeout: 60_000 }, () => {
  const off = { opens: false, clicks: false };
  const both = { opens: true, clicks: true };

  it.each<[string, object, { opens: boolean; clicks: boolean }]>([
    ['is off unless the submission or its route requires it', {}, off],
    ['is what the submission says', { tracking: { opens: true } }, { opens: true, clicks: false }],
    ['is what the submission says of links', { tracking: { clicks: true } }, { opens: false, clicks: true }],
    ['is what the route of the class says', { class: 'news' }, both],
    ['of a submission has priority over the tracking of its class', { class: 'news', tracking: off }, off],
  ])('%s, at every provider', async (_, change, wanted) => {
    for (const type of ['postmark', 'mailgun', 'ses'] as const)
      expect((await taken({ ...MAIL, ...change, ...only([type]) })).tracking, type).toEqual(wanted);
  });

  it('stays as configured if another provider accepts the mail', async () => {
    await cases.stack.breakProvider('postmark', { respond: { status: 500 } });
    expect(await taken({ ...MAIL, ...only(['postmark', 'mailgun']) })).toMatchObject({
      provider: 'mailgun',
      tracking: off,
    });
  });
});

describe('a substitute From', { timeout: 60_000 }, () => {
  it('replaces an address whose domain the provider may not use, and replies go to the original address', async () => {
    const mail = await taken({ ...MAIL, providers: { only: ['stand-in'] } });
    const { one, other } = await readTwice(mail);

    const substitute = { name: MAIL.from.name, address: 'mail@mg.example.net' };
    expect(mail.envelope.to).toHaveLength(3);
    expect([one.from?.value, [other.from]]).toEqual([[substitute], [expect.objectContaining(substitute)]]);
    expect([one.replyTo?.value, other.replyTo]).toEqual([[MAIL.from], [expect.objectContaining(MAIL.from)]]);
    expect([one.subject, other.subject]).toEqual([MAIL.subject, MAIL.subject]);
  });

  it('is used after all providers that may send the original From, and does not change a Reply-To', async () => {
    const first = { ...MAIL, providers: { only: ['stand-in', 'mailgun'] } };
    expect((await taken(first)).provider).toBe('mailgun');

    await cases.stack.breakProvider('mailgun', { network: 'refuse' });
    const { headers, provider } = await taken({ ...first, replyTo: ['help@example.com'] });
    expect(provider).toBe('stand-in');
    expect(headers.filter(([name]) => name === 'Reply-To')).toEqual([['Reply-To', 'help@example.com']]);
  });
});

describe('an address to which a provider cannot send', { timeout: 60_000 }, () => {
  const UTF8 = 'müller@example.org';
  const QUOTED = '"a b"@example.org';

  it.each(TYPES.filter((type) => type !== 'smtp'))(
    'does not prevent %s from sending to the other recipients',
    async (type) => {
      const id = await cases.send({ ...MAIL, to: ['ada@example.org', UTF8], cc: ['bob@example.org'], ...only([type]) });
      const { taken, ...ending } = await cases.ending(id);

      expect(ending).toMatchObject({ end: 'dead', reason: 'Refused', done: [0, 2, 3] });
      expect(ending.detail).toMatch(/supports the address of 1 of 4 recipients/);
      expect(taken.map(({ envelope }) => envelope.to.toSorted())).toEqual([
        ['ada@example.org', 'bob@example.org', 'hidden@example.org'],
      ]);
      expect(headerOf(taken[0] as Taken, 'To')).toBe('ada@example.org');
    },
  );

  it('is sent through the next provider that supports the address', async () => {
    const mail = { ...MAIL, to: ['ada@example.org', UTF8, QUOTED], cc: [], bcc: [] };
    const { end, taken } = await cases.ending(await cases.send({ ...mail, ...only([...TYPES]) }));

    expect(end).toBe('done');
    // Only one provider can send to the address `UTF8`. If a new sender process skips this provider because it has not read the
    // provider's secret in time, this mail waits and is sent later. Therefore this test checks which provider accepted each
    // address, and not the number of calls.
    const whom = taken.flatMap(({ provider, envelope }) => envelope.to.map((address) => [address, provider] as const));
    expect(whom.map(([address]) => address).toSorted()).toEqual([QUOTED, 'ada@example.org', UTF8]);
    expect(new Map(whom).get(UTF8)).toBe('own-mta');
    expect(['mailgun', 'own-mta']).toContain(new Map(whom).get(QUOTED));
  });

  it('prevents a provider from getting the mail at all if it is the sender', async () => {
    const from = 'grüße@example.com';
    const first: Type[] = ['postmark', 'mailgun', 'ses'];
    expect(await cases.ending(await cases.send({ ...MAIL, from, ...only(first) }))).toMatchObject({
      end: 'dead',
      reason: 'Refused',
      called: [],
    });
    expect((await taken({ ...MAIL, from, ...only([...first, 'smtp']) })).provider).toBe('own-mta');
  });
});
