import { expect, test } from 'vitest';
import { type Expected, problemsOf } from './field-expectations.ts';
import { SIBLINGS } from './siblings.ts';
import { arrivedBy, type Way } from './six-ways.ts';

// These mails are similar to the mails in test/lambda/inbound/field. Each has one unusual property that occurs in real mail. Each
// is tested in every format that keeps the mail as received.

const RAW: readonly Way[] = ['mailgun-mime', 'mailgun-stored', 'postmark-raw', 'ses'];

const runs = SIBLINGS.flatMap(({ name, mail, expect: expected, ways = RAW }) =>
  ways.map((way) => ({ name, way, mail, expected })),
);

test.each(runs)('$name by $way', async ({ way, mail, expected }) => {
  expect(problemsOf(await arrivedBy(way, mail), expected satisfies Expected)).toEqual([]);
});
