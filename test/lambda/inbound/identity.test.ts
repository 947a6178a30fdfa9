import { expect, test } from 'vitest';
import { mail } from './sibling-mail.ts';
import { arrivedBy, WAYS } from './six-ways.ts';

// Two received mails count as the same mail if their Message-ID, address of the first sender, date and subject are equal. The
// documentation of the inbound message promises this.

type Head = Readonly<Record<string, string>>;

const idsOf = async (head: Head) => {
  const messages = await Promise.all(WAYS.map((way) => arrivedBy(way, mail(head, 'body\n'))));
  return [...new Set(messages.map(({ id }) => id))];
};

test.each<[name: string, one: Head, other: Head]>([
  ['the date in another zone', {}, { Date: 'Wed, 25 Nov 2026 06:59:00 EST' }],
  ['the date with a comment', {}, { Date: 'Wed, 25 Nov 2026 12:59:00 +0100 (CET)' }],
  ['a date that is none', { Date: 'today' }, { Date: 'tomorrow' }],
  ['the subject folded', { Subject: 'a b c' }, { Subject: 'a\n b\n\tc' }],
  ['the subject in another charset', { Subject: '=?utf-8?Q?=C3=A4?=' }, { Subject: '=?iso-8859-1?B?5A==?=' }],
  ['no subject, and an empty one', { Subject: '' }, { Subject: ' ' }],
  ['the sender with another name', {}, { From: '"Ada, L." <ADA@Example.org>' }],
  ['the sender in a group', {}, { From: 'Team: ada@example.org;' }],
  ['the sender with a route', {}, { From: '<@example.net:ada@example.org>' }],
  ['an address in the name of the sender', {}, { From: '=?utf-8?Q?eve=40x.org,_Ada?= <ada@example.org>' }],
  ['the id without brackets', {}, { 'Message-ID': 'm@example.org' }],
  ['the id with a comment, folded', {}, { 'Message-ID': '\n (c) <M@example.org>' }],
])('one mail in every form: %s', async (_, one, other) => {
  const ids = await idsOf(one);
  expect(ids).toHaveLength(1);
  expect(await idsOf(other)).toEqual(ids);
});

test.each<[name: string, other: Head]>([
  ['another date', { Date: 'Wed, 25 Nov 2026 12:59:01 +0100' }],
  ['another subject', { Subject: 'a subject' }],
  ['another sender', { From: 'Ada <eve@example.org>' }],
  ['another sender with the address in the name', { From: '"ada@example.org" <eve@example.org>' }],
  ['another id', { 'Message-ID': '<n@example.org>' }],
])('another mail in every form: %s', async (_, other) => {
  const ids = await idsOf(other);
  expect(ids).toHaveLength(1);
  expect(await idsOf({})).not.toEqual(ids);
});
