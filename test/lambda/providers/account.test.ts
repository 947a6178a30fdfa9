import { describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { defined } from '../../../lambda/platform/defined.ts';
import { accountOf, candidatesFor } from '../../../lambda/providers/account.ts';

const postmark = (key: string, messageStream?: string): ProviderConfig => ({
  key,
  type: 'postmark',
  options: messageStream ? { messageStream } : {},
});
const mailgun = (key: string, domain: string, region?: 'us' | 'eu'): ProviderConfig => ({
  key,
  type: 'mailgun',
  options: { domain, ...defined({ region }) },
});
const ses: ProviderConfig = { key: 'ses', type: 'ses', options: { identities: ['example.com'] } };
const keys = (list: readonly ProviderConfig[]) => list.map(({ key }) => key);

describe('the accounts that are asked about an earlier attempt', () => {
  it('are the provider with that key, as long as it is the only such account', () => {
    const list = [postmark('postmark'), mailgun('mailgun', 'example.com'), ses];

    expect(candidatesFor('postmark', accountOf(postmark('postmark')), list)).toMatchObject([{ key: 'postmark' }]);
  });

  it('are the same account under its new key', () => {
    const list = [mailgun('other', 'other.example'), mailgun('new', 'example.com', 'us'), postmark('postmark')];

    expect(keys(candidatesFor('old', accountOf(mailgun('old', 'example.com')), list))).toEqual(['new']);
  });

  it('are all accounts of the type where none has the options of that time, each with those options', () => {
    const list = [mailgun('a', 'a.example'), ses, mailgun('b', 'b.example', 'eu')];

    expect(candidatesFor('old', accountOf(mailgun('old', 'example.com', 'eu')), list)).toEqual([
      { key: 'a', type: 'mailgun', options: { domain: 'example.com', region: 'eu' } },
      { key: 'b', type: 'mailgun', options: { domain: 'example.com', region: 'eu' } },
    ]);
  });

  it('are both of two accounts that differ only in their secrets: their keys may have been exchanged', () => {
    expect(keys(candidatesFor('b', accountOf(postmark('b')), [postmark('a'), postmark('b')]))).toEqual(['b', 'a']);
  });

  it('are asked where the mail was kept, though the options of the key have changed', () => {
    expect(candidatesFor('p', accountOf(postmark('p', 'news')), [postmark('p', 'receipts')])).toMatchObject([
      { key: 'p', options: { messageStream: 'news' } },
    ]);
  });

  it('are none where the key now belongs to another type, and no account of the type is left', () => {
    expect(candidatesFor('p', accountOf(postmark('p')), [mailgun('p', 'example.com')])).toEqual([]);
  });
});
