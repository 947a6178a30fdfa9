import { expect, it } from 'vitest';
import { handleOf } from '../../../lambda/providers/reference.ts';
import { definitions, loadEvents, loadProvider, type ProviderType } from '../../../lambda/providers/registry.ts';
import { readEvents as readPublished } from '../../../lambda/providers/ses/events.ts';
import { suppressionBy } from '../../../lambda/suppression/reason.ts';
import { StackClock } from '../../../local/clock.ts';
import { FaultBoard } from '../../../local/faults/faults.ts';
import { ownHosts } from '../../../local/network/own-hosts.ts';
import { startSimulators } from '../../../local/simulators/main.ts';
import { simulatedTypes } from '../../../local/simulators/registry.ts';
import { attemptOf } from '../../lambda/providers/attempt.ts';

const TYPES = (Object.keys(definitions) as ProviderType[]).filter((type) => {
  const { events } = definitions[type];
  return events !== undefined && events.over !== 'mail';
});

/**
 * Test addresses, with the events that a mail to each address causes. The third value is the reason with which the mail puts the
 * address on the provider's suppression list, if it does.
 */
const CASES = [
  ['success@simulator.amazonses.com', ['delivered'], undefined],
  ['bounce@simulator.amazonses.com', ['bounced hard'], 'hard-bounce'],
  ['complaint@simulator.amazonses.com', ['delivered', 'complained'], 'complaint'],
  ['softbounce@bounce-testing.postmarkapp.com', ['bounced soft'], undefined],
  ['Blocked@bounce-testing.postmarkapp.com', ['bounced blocked'], undefined],
  ['dmarcpolicy@bounce-testing.postmarkapp.com', ['bounced blocked'], undefined],
  ['Hard_Bounce@bounce-testing.postmarkapp.com', ['bounced hard'], 'hard-bounce'],
] as const;

it.each(TYPES)('events of the %s simulator are signed, and have the type of the test address', async (type) => {
  const { example, reporting } = simulatedTypes[type];
  const reported: { readonly event: object; readonly afterMs: number }[] = [];
  const options = type === 'ses' ? { ...example.options, configurationSet: 'set' } : example.options;
  const simulators = await startSimulators({
    providers: [{ key: type, type, options }] as never,
    basePort: 0,
    secrets: { [type]: example.secret },
    tls: { key: '', cert: '' },
    faults: new FaultBoard(),
    own: ownHosts(),
    clock: new StackClock(),
    reports: { [type]: { report: (event, afterMs) => void reported.push({ event, afterMs }) } },
  });
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' });
  const endpoint = simulators.endpoints[type] ?? '';
  const provider = (await loadProvider(type)).create({ key: type, options, secret: example.secret, endpoint } as never);
  const read = async (event: object) => {
    if (!reporting) return readPublished(JSON.stringify(event));
    const { secret, own } = reporting.secret(type);
    const { headers = {}, ...request } = reporting.post([event], { ...reporting.route(secret), ...own }, Date.now());
    const module = await loadEvents(type);
    const found = module.authenticate({ ...request, headers }, secret, Date.now());
    return found.kind === 'genuine' ? found.read() : found;
  };
  try {
    for (const [to, expected, suppresses] of CASES) {
      reported.length = 0;
      await provider.send(
        attemptOf({
          message: { to: [{ address: to }], bcc: [], handle: handleOf('order-1') },
          attempt: { recipients: [to], deadlineMs: 4_000, connectMs: 2_000 },
        }),
      );
      const all = [];
      for (const { event } of reported.toSorted((a, b) => a.afterMs - b.afterMs)) {
        const answer = await read(event);
        all.push(...(answer.kind === 'events' ? answer.events : [answer]));
      }
      const news = all.filter((one) => !('type' in one) || !['accepted', 'suppressed'].includes(one.type));
      expect(
        news.map((one) => ('type' in one ? [one.type, one.bounce].filter(Boolean).join(' ') : one)),
        to,
      ).toEqual(expected);
      for (const one of news)
        expect(one, to).toMatchObject({ recipient: expect.stringMatching(new RegExp(`^${to}$`, 'i')) });
      expect(news.map((one) => ('type' in one ? suppressionBy(one) : undefined)).find(Boolean), to).toBe(suppresses);
      expect(news[0], to).toMatchObject({ reference: { submissionId: 'order-1', attempt: 1 } });
    }
  } finally {
    provider.close?.();
    await simulators.close();
  }
});
