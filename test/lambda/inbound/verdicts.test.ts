import { describe, expect, it } from 'vitest';
import { verdictsOf } from '../../../lambda/inbound/verdicts.ts';

const results = (server: string, text: string): [string, string] => ['Authentication-Results', `${server}; ${text}`];
const mailgun = (text: string) => results('mxa.mailgun.org', text);
const tests = (text: string): [string, string] => ['X-Spam-Tests', text];

describe('results of authentication', () => {
  it.each([
    ['one passing signature of two', [mailgun('dkim=fail header.d=a.example; dkim=pass header.d=b.example')], 'pass'],
    ['a forged pass before the failure', [mailgun('dkim=pass'), mailgun('spf=pass; dkim=fail')], 'fail'],
    ['a forged pass after the failure', [mailgun('spf=pass; dkim=fail'), mailgun('dkim=pass')], 'fail'],
    ['a forged pass beside no result', [mailgun('spf=pass'), mailgun('dkim=pass')], 'none'],
    [
      'a forged pass beside a failure in the own header',
      [['X-Mailgun-Dkim-Check-Result', 'Fail'], mailgun('dkim=pass')],
      'fail',
    ],
    ['a pass of another server', [results('mx.attacker.example', 'dkim=pass'), mailgun('dkim=fail')], 'fail'],
  ] as const)('of DKIM are right with %s', (_, headers, dkim) => {
    expect(
      verdictsOf(
        'mailgun',
        headers.map(([name, value]) => [name, value]),
      ).authentication?.dkim,
    ).toBe(dkim);
  });

  it.each([
    ['one passing signature of two', [tests('DKIM_INVALID,DKIM_VALID,SPF_PASS')], 'pass'],
    ['a forged test before the failure', [tests('DKIM_VALID'), tests('DKIM_INVALID,SPF_PASS')], 'fail'],
    ['a forged test after the failure', [tests('DKIM_INVALID,SPF_PASS'), tests('DKIM_VALID')], 'fail'],
    ['a forged test beside no signature', [tests('SPF_PASS'), tests('DKIM_VALID')], 'none'],
    ['no signature', [tests('SPF_PASS')], undefined],
  ] as const)('of SpamAssassin are right with %s', (_, headers, dkim) => {
    expect(
      verdictsOf(
        'postmark',
        headers.map(([name, value]) => [name, value]),
      ).authentication?.dkim,
    ).toBe(dkim);
  });

  it('are the worst of SPF and DMARC over all headers', () => {
    const headers = [mailgun('spf=pass; dmarc=pass'), mailgun('spf=softfail; dmarc=fail')];

    expect(verdictsOf('mailgun', headers).authentication).toEqual({ spf: 'softfail', dmarc: 'fail' });
  });
});
