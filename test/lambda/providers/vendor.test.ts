import { expect, it, test } from 'vitest';
import { vendorsOf } from '../../../lambda/providers/vendor.ts';

it.each([
  ['smtp.example.com', 'example.com'],
  ['MX2.Example.COM.', 'example.com'],
  ['mail.shop.example.co.uk', 'example.co.uk'],
  ['email-smtp.eu-west-1.amazonaws.com', 'amazonaws.com'],
  ['192.0.2.1', '192.0.2.1'],
  ['localhost', 'localhost'],
  ['mta.internal', 'mta.internal'],
])('the vendor of the host %s is %s', (host, vendor) => {
  expect(vendorsOf([{ key: 'own-mta', type: 'smtp', options: { host } }])('own-mta')).toBe(vendor);
});

test('the vendor of any other provider is its type, and one that is not configured has none', () => {
  const vendors = vendorsOf([
    { key: 'a', type: 'ses', options: { identities: ['example.com'] } },
    { key: 'b', type: 'mailgun', options: { domain: 'mg.example.com' } },
  ]);
  expect(['a', 'b', 'c'].map(vendors)).toEqual(['ses', 'mailgun', undefined]);
});
