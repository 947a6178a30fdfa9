import dns2 from 'dns2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { askZone, queryName, zoneTrouble } from '../../../lambda/health/blocklist.ts';
import { blocklistChecker } from '../../../lambda/health/blocklists.ts';
import { type DnsResolver, dnsResolver } from '../../../lambda/platform/dns.ts';
import { manualClock } from '../../support/manual-clock.ts';

const { Packet } = dns2;
const REFUSED = 5;
const SERVFAIL = 2;

/** DNS records of the test server by full name: addresses, a response code, or `hang` for no answer. */
const RECORDS = new Map<string, readonly string[] | number | 'hang'>([
  // A DNS blocklist with the test entries that RFC 5782 requires, and with one more entry.
  ['2.0.0.127.good.test', ['127.0.0.2']],
  ['9.2.0.192.good.test', ['127.0.0.4', '127.0.0.10']],
  [`${'2.0.0.0'.padEnd(47, '.0')}.8.b.d.0.1.0.0.2.good.test`, ['127.0.0.2']],
  // The blocklist answers as Spamhaus answers clients that it refuses to serve.
  ...['2.0.0.127', '1.0.0.127', '9.2.0.192'].map((name) => [`${name}.refused.test`, ['127.255.255.254']] as const),
  ['2.0.0.127.limited.test', ['127.0.0.2']],
  ['9.2.0.192.limited.test', ['127.255.255.255']],
  ['2.0.0.127.domains.test', ['127.0.1.255']],
  // Blocklists that are no longer operated: the domain has a parking page, a wildcard record, or an empty zone.
  ...['2.0.0.127', '1.0.0.127', '9.2.0.192'].map((name) => [`${name}.parked.test`, ['203.0.113.7']] as const),
  ...['2.0.0.127', '1.0.0.127', '9.2.0.192'].map((name) => [`${name}.all.test`, ['127.0.0.2']] as const),
  ['2.0.0.127.down.test', SERVFAIL],
  ['2.0.0.127.closed.test', REFUSED],
  ['2.0.0.127.silent.test', 'hang'],
]);

let server: InstanceType<typeof dns2.UDPServer>;
let resolver: DnsResolver;
let resolvers: string[];

beforeAll(async () => {
  server = dns2.createUDPServer((request, send) => {
    const [question] = request.questions;
    const answer = Packet.createResponseFromRequest(request);
    const name = question?.name ?? '';
    const found = RECORDS.get(name);
    if (found === 'hang') return;
    if (typeof found === 'number') answer.header.rcode = found;
    else if (found === undefined) answer.header.rcode = 3;
    else
      for (const address of found)
        answer.answers.push(Object.assign(new Packet.Resource(name, Packet.TYPE.A, Packet.CLASS.IN, 1), { address }));
    send(answer);
  });
  await server.listen(0, '127.0.0.1');
  resolvers = [`127.0.0.1:${server.address().port}`];
  resolver = await dnsResolver(resolvers);
});

afterAll(() => server.close());

describe('the queried name', () => {
  it.each([
    ['192.0.2.99', '99.2.0.192.bl.test'],
    ['2001:db8::1', '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test'],
    ['::', `${Array.from({ length: 32 }, () => '0').join('.')}.bl.test`],
    ['2001:DB8:1:2:3:4:5:a6', '6.a.0.0.5.0.0.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bl.test'],
  ])('of %s is %s', (address, name) => {
    expect(queryName(address, 'bl.test')).toBe(name);
  });
});

describe('a list', () => {
  it('contains an address, or does not', async () => {
    expect(await askZone(resolver, '192.0.2.9', 'good.test')).toEqual({
      kind: 'listed',
      codes: ['127.0.0.4', '127.0.0.10'],
    });
    expect(await askZone(resolver, '2001:db8::2', 'good.test')).toEqual({ kind: 'listed', codes: ['127.0.0.2'] });
    expect(await askZone(resolver, '192.0.2.10', 'good.test')).toEqual({ kind: 'clean' });
    expect(await zoneTrouble(resolver, 'good.test')).toBeUndefined();
  });

  it.each([
    ['refused.test', 'answered 127.255.255.254'],
    ['domains.test', 'answered 127.0.1.255'],
    ['parked.test', 'no blocklist'],
    ['all.test', 'lists every address'],
    ['empty.test', 'lists no address'],
    ['down.test', 'ESERVFAIL'],
    ['closed.test', 'EREFUSED'],
  ])('%s is found not to work: %s', async (zone, trouble) => {
    expect(await zoneTrouble(resolver, zone)).toBe(trouble);
  });

  it('that refuses a single query says nothing about the address', async () => {
    expect(await askZone(resolver, '192.0.2.9', 'limited.test')).toEqual({
      kind: 'silent',
      reason: 'answered 127.255.255.255',
    });
    expect(await askZone(resolver, '192.0.2.9', 'parked.test')).toEqual({ kind: 'silent', reason: 'no blocklist' });
  });

  it('that does not answer is silent after the time-out', { timeout: 15_000 }, async () => {
    expect(await zoneTrouble(resolver, 'silent.test')).toBe('ETIMEOUT');
  });
});

describe('the gauge', () => {
  it('counts listings of all addresses, whatever broken lists answer', async () => {
    const world = given(
      ['good.test', 'refused.test', 'all.test', 'parked.test'],
      ['192.0.2.9', '2001:db8::2', '192.0.2.1'],
    );

    await world.check();

    expect(world.values).toEqual([['Blocklisted', 2, 'own-mta']]);
    expect(world.lines).toContain('blocklisted good.test 127.0.0.4 127.0.0.10');
    expect(world.lines).toContain('blocklist without a result all.test lists every address');
  });

  it('is 0 for an address on no list', async () => {
    const world = given(['good.test', 'down.test'], ['192.0.2.1']);

    await world.check();

    expect(world.values).toEqual([['Blocklisted', 0, 'own-mta']]);
  });

  it('has no value while no list answers', async () => {
    const world = given(['refused.test', 'down.test', 'limited.test'], ['192.0.2.9']);

    await world.check();

    expect(world.values).toEqual([]);
  });

  it('is measured each half hour of stack time only', async () => {
    const world = given(['good.test'], ['192.0.2.1'], 60);

    for (let second = 0; second < 60; second++) {
      await world.check();
      await world.clock.pass(1_000);
    }

    expect(world.values).toHaveLength(2);
  });

  it('contains no key of a zone', async () => {
    const world = given(['secretkey.zen.dq.test'], ['192.0.2.1']);

    await world.check();

    expect(world.lines).toEqual(['blocklist without a result zen.dq.test lists no address']);
  });
});

function given(zones: string[], addresses: string[], timeScale = 1) {
  const clock = manualClock();
  const values: unknown[][] = [];
  const lines: string[] = [];
  const line = (message: string, { zone, reason, codes }: Record<string, unknown>) =>
    void lines.push([message, zone, reason ?? codes].join(' '));
  const provider: ProviderConfig = {
    key: 'own-mta',
    type: 'smtp',
    options: { host: 'mta.example.com' },
    blocklists: { zones, addresses, resolvers },
  };
  const check = blocklistChecker({
    providers: [{ key: 'pm', type: 'postmark', options: {} }, provider],
    metrics: { add: (name, value, dimensions) => void values.push([name, value, dimensions?.provider]) },
    log: { info: line, warn: line, error: line },
    clock,
    timeScale,
    resolverOf: dnsResolver,
  });
  return { check, values, lines, clock };
}
