import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import { defined } from '../../../lambda/platform/defined.ts';
import { storedAnswer, withLastAnswers, withoutPrivateText } from '../../../lambda/sender/answer-texts.ts';
import type { StoredAttempt } from '../../../lambda/submission/log.ts';
import { message } from '../providers/postmark/attempt.ts';

const unrecognised = (detail?: string): Outcome => ({
  kind: 'unrecognised',
  reason: 'unrecognised',
  ...defined({ detail }),
});

describe('the answer text of a provider', () => {
  const mail = {
    ...message,
    from: { name: 'Hector Shop', address: 'hector@example.com' },
    to: [{ name: 'Ada (x) Lovelace', address: 'ada@example.org' }],
    cc: [{ name: 'C', address: 'c@example.org' }],
    subject: 'Your order 1234 of yesterday and more',
    attachments: [{ filename: 'salary.pdf', contentType: 'application/pdf', content: Buffer.alloc(0) }],
  };
  const clean = (words: string) => {
    const { outcome } = withoutPrivateText({ outcome: unrecognised(words) }, mail);
    return outcome.kind === 'accepted' ? '' : outcome.detail;
  };

  it.each([
    ['not for hector shop', 'not for <name>'],
    ['no mail to Ada (x) Lovelace, please', 'no mail to <name>, please'],
    ['Charlie and C.', 'Charlie and <name>.'],
    ['bad: Your order 1234 of yesterday and more!', 'bad: <subject>!'],
    ['bad: "Your order 1234 of…"', 'bad: "<subject>…"'],
    ['Your mail', 'Your mail'],
    ['refused salary.pdf and xsalary.pdf', 'refused <file> and xsalary.pdf'],
  ])('%s becomes %s', (said, left) => {
    expect(clean(said)).toBe(left);
  });

  it('is cleaned for each recipient; an outcome without a text is unchanged', () => {
    const recipients = new Map([['c@example.org', unrecognised('salary.pdf')]]);
    expect(withoutPrivateText({ outcome: unrecognised(), recipients }, mail)).toEqual({
      outcome: unrecognised(),
      recipients: new Map([['c@example.org', unrecognised('<file>')]]),
    });
    expect(withoutPrivateText({ outcome: unrecognised('x') }, { ...message, subject: '' }).outcome).toEqual(
      unrecognised('x'),
    );
  });

  it.each([
    ['Receipt', 'bad: Receipt', 'bad: <subject>'],
    ['Invoices of May', 'the Invoices!', 'the <subject>!'],
    ['Invoice of May', 'the Invoice!', 'the Invoice!'],
    [' Spaced \n  subject', 'bad: Spaced subject', 'bad: <subject>'],
  ])('with the subject %j: %s becomes %s', (subject, said, left) => {
    expect(withoutPrivateText({ outcome: unrecognised(said) }, { ...message, subject }).outcome).toEqual(
      unrecognised(left),
    );
  });

  it('loses names in any spacing, and loses nothing because of a name without letters', () => {
    const to = [{ name: ' Ada   Lovelace ', address: 'ada@example.org' }];
    const bcc = [{ name: ' ', address: 'bo@example.org' }];
    const { outcome } = withoutPrivateText({ outcome: unrecognised('not for Ada Lovelace') }, { ...message, to, bcc });
    expect(outcome).toEqual(unrecognised('not for <name>'));
  });

  it('is stored with the status, except for an acceptance', () => {
    expect(storedAnswer([{ kind: 'accepted', providerMessageId: '1', detail: 'Ok' }])).toEqual({});
    expect(storedAnswer([{ ...unrecognised('w'.repeat(400)), status: '550' } as Outcome])).toEqual({
      status: '550',
      words: 'w'.repeat(300),
    });
    expect(storedAnswer([unrecognised()])).toEqual({});
    expect(storedAnswer([{ ...unrecognised(), status: '550' } as Outcome])).toStrictEqual({ status: '550' });
    expect(storedAnswer([unrecognised('no')])).toStrictEqual({ words: 'no' });
  });

  it('is the text for the recipient that was refused, if the mail was accepted for another recipient', () => {
    const taken: Outcome = { kind: 'accepted', providerMessageId: '1', detail: 'Ok' };
    expect(storedAnswer([taken, unrecognised(), unrecognised('no such user')])).toEqual({ words: 'no such user' });
  });
});

describe('the detail of a dead letter', () => {
  const attempt = (provider: string, more: Partial<StoredAttempt> = {}): StoredAttempt => ({
    worker: 'w',
    number: 1,
    each: 'u',
    provider,
    account: { type: 'postmark' },
    begun: 1,
    outcome: 'unrecognised',
    reason: 'unrecognised',
    ...more,
  });

  it('has the status and the last answer text of each provider that did not accept the mail', () => {
    const attempts = [
      attempt('postmark', { status: '422/7', words: 'older' }),
      attempt('ses', { outcome: 'accepted' }),
      attempt('own-mta', { status: '550', words: '550 5.9.9 new rule' }),
      attempt('mailgun', { outcome: 'unknown', reason: 'no-answer' }),
      attempt('other', { status: '500' }),
      attempt('postmark', { status: '422/8', words: 'newer' }),
      { worker: 'w', number: 2, provider: 'begun', account: { type: 'postmark' as const }, begun: 2, each: '?' },
    ];
    expect(withLastAnswers('not taken', attempts)).toBe(
      'not taken; postmark 422/8: newer; own-mta: 550 5.9.9 new rule; mailgun no-answer; other 500',
    );
    expect(withLastAnswers('not taken', [])).toBe('not taken');
  });

  it('has the text of the refusal of one recipient, although later attempts were accepted or not made for other recipients', () => {
    const refusal = attempt('postmark', { status: '422/300', words: "Error parsing 'To'" });
    const later = [
      attempt('postmark', { outcome: 'throttled', reason: 'not-tried' }),
      attempt('postmark', { outcome: 'accepted' }),
    ];
    expect(withLastAnswers('refused', [refusal, ...later])).toBe("refused; postmark 422/300: Error parsing 'To'");
    expect(withLastAnswers('refused', later)).toBe('refused; postmark not-tried');
    const served = attempt('postmark', { outcome: 'accepted', words: 'but not for one' });
    expect(withLastAnswers('refused', [served])).toBe('refused; postmark: but not for one');
    const lost = attempt('postmark', { outcome: 'unknown', reason: 'no-answer' });
    expect(withLastAnswers('refused', [refusal, lost])).toBe('refused; postmark no-answer');
    const { reason: _none, ...unsaid } = lost;
    expect(withLastAnswers('refused', [unsaid])).toBe('refused; postmark no answer');
  });

  it('has at most 1,000 characters, and every provider has a part of them', () => {
    const attempts = Array.from({ length: 12 }, (_, place) => attempt(`p-${place}`, { words: 'w'.repeat(300) }));
    const detail = withLastAnswers('not taken', attempts);
    expect(detail.length).toBeLessThanOrEqual(1_000);
    expect(detail.length).toBeGreaterThan(900);
    for (const { provider } of attempts) expect(detail).toContain(`; ${provider}: w`);
    const long = withLastAnswers('x'.repeat(500), attempts.slice(0, 4)).split('; ');
    expect(long.map(({ length }) => length)).toEqual([500, 123, 123, 123, 123]);
    expect(withLastAnswers('x'.repeat(2_000), attempts)).toHaveLength(1_000);
    expect(withLastAnswers('x'.repeat(2_000), [])).toHaveLength(1_000);
  });
});
