import { expect, test } from 'vitest';
import { type CanaryWay, canaryKey, TOKEN_HEADER, tokenOf } from '../../../lambda/canary/canary.ts';
import { givenWorld, mailgunMail, mailgunRequest, NOW, postmarkMail, postmarkRequest } from './world.ts';

const OUT: CanaryWay = { way: 'out', provider: 'own-mta' };
const IN: CanaryWay = { way: 'in', provider: 'mailgun' };
const SENT_AT = NOW - 60_000;
const secret = 'of-this-deployment';
const to = 'canary@in.example.com';

function given() {
  const world = givenWorld();
  for (const way of [OUT, IN]) world.table.items.set(canaryKey(way), { pk: canaryKey(way), rev: 1, to, secret });
  return world;
}
const token = (way: CanaryWay): [string, string] => [TOKEN_HEADER, tokenOf(way, SENT_AT, secret)];
const NAME: [string, string] = ['X-Mailover-Id', 'mailover-canary:out:own-mta:7'];
const overMailgun = (recipient: string, headers: [string, string][]) =>
  mailgunRequest(mailgunMail({ recipient }, headers));
const overPostmark = (recipient: string, headers: [string, string][]) =>
  postmarkRequest(
    postmarkMail({ OriginalRecipient: recipient, Headers: headers.map(([Name, Value]) => ({ Name, Value })) }),
  );

test.each([
  ['mailgun', overMailgun],
  ['postmark', overPostmark],
])(
  'a canary that returns through %s is recorded and counted, and the application does not get it',
  async (_, request) => {
    const world = given();

    expect((await world.receive(request(to, [NAME, token(OUT)]))).status).toBe(200);

    expect(world.table.items.get(canaryKey(OUT))).toMatchObject({ newestBack: SENT_AT });
    expect(world.messages()).toEqual([]);
    expect(world.metrics.filter(({ name }) => name === 'InboundRequests')).toMatchObject([{ outcome: 'canary' }]);
  },
);

test('a canary of one receiving provider counts for that provider only', async () => {
  const world = given();
  expect((await world.receive(overPostmark(to, [token(IN)]))).status).toBe(200);
  expect(world.table.items.get(canaryKey(IN))).not.toHaveProperty('newestBack');
  expect((await world.receive(overMailgun(to, [token(IN)]))).status).toBe(200);
  expect(world.table.items.get(canaryKey(IN))).toMatchObject({ newestBack: SENT_AT });
  expect(world.messages()).toEqual([]);
});

test.each<[string, string, [string, string][]]>([
  ['the name of a canary alone', to, [NAME]],
  ['a token that is made up', to, [NAME, [TOKEN_HEADER, tokenOf(OUT, SENT_AT, 'guessed')]]],
  ['a token whose time begins with a zero', to, [[TOKEN_HEADER, `out.own-mta.0${SENT_AT}.${'A'.repeat(43)}`]]],
  ['a token of another letter case', to, [[TOKEN_HEADER, tokenOf(OUT, SENT_AT, secret).toUpperCase()]]],
  ['a token with signs of two bytes', to, [[TOKEN_HEADER, tokenOf(OUT, SENT_AT, secret).replace(/.$/, 'é')]]],
  [
    'the token of another way',
    to,
    [[TOKEN_HEADER, tokenOf(OUT, SENT_AT, secret).replace('out.own-mta', 'in.mailgun')]],
  ],
  ['a token at another address', 'box@in.example.com', [NAME, token(OUT)]],
  ['an empty token', to, [NAME, [TOKEN_HEADER, '']]],
])('mail with %s records nothing, and is delivered like any other', async (_, recipient, headers) => {
  for (const request of [overMailgun, overPostmark]) {
    const world = given();
    const before = world.table.items.get(canaryKey(OUT));

    expect((await world.receive(request(recipient, headers))).status).toBe(200);

    expect(world.table.items.get(canaryKey(OUT))).toEqual(before);
    expect(world.messages()).toHaveLength(1);
  }
});

test('a possible canary is not accepted while the table does not answer: the provider retries', async () => {
  const world = given();
  world.table.behavior = 'fail';
  expect((await world.receive(overMailgun(to, [token(OUT)]))).status).toBe(500);
  world.table.behavior = 'work';
  expect((await world.receive(overMailgun(to, [token(OUT)]))).status).toBe(200);
  expect(world.messages()).toEqual([]);
});
