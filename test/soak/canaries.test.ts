import { afterAll, beforeAll, expect, it } from 'vitest';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

let stack: RunningStack;

beforeAll(async () => {
  stack = await givenStack(120, 'test/flow/apps/canaries.ts');
}, 60_000);

afterAll(async () => {
  await stack?.close();
});

interface Metric {
  readonly name: string;
  readonly dimensions: { readonly provider?: string; readonly outcome?: string };
  readonly points: readonly { readonly sum: number; readonly max: number }[];
}

const get = async <T>(path: string): Promise<T> => (await fetch(`${stack.url}${path}`)).json() as Promise<T>;
const received = () => get<{ envelope: { to: string[] }; subject?: string }[]>('/api/received');
const returned = async (provider: string) =>
  (await get<Metric[]>('/api/metrics'))
    .filter(
      ({ name, dimensions }) =>
        name === 'InboundRequests' && dimensions.outcome === 'canary' && dimensions.provider === provider,
    )
    .flatMap(({ points }) => points)
    .reduce((sum, point) => sum + point.sum, 0);
const stateOf = async (name: string) =>
  (await get<{ name: string; state: string }[]>('/api/alarms')).find((alarm) => alarm.name === name)?.state;

it('canaries come back over each MX and each sending provider, and the application sees none', {
  timeout: 120_000,
}, async () => {
  await stack.until(async () => Math.min(...(await Promise.all(['postmark', 'mailgun', 'ses'].map(returned)))) > 1);
  expect(await received()).toEqual([]);
  for (const name of [
    'mailgun/MxCanaryMissing',
    'postmark/MxCanaryMissing',
    'ses/MxCanaryMissing',
    'own-mta/CanaryMissing',
  ])
    await stack.until(async () => (await stateOf(`Mailover/${name}`)) === 'OK');
});

it('mail for a receiving domain comes in, whatever names it has', {
  timeout: 60_000,
}, async () => {
  await send({
    id: 'to-ourselves',
    to: ['canary@in.example.com', 'box@in.example.com', 'b@example.org'],
    subject: 'no canary',
    text: 'hello',
    headers: { 'X-Canary-Token': `out.own-mta.1800000000000.${'A'.repeat(43)}` },
  });
  await stack.until(async () => (await received()).filter(({ subject }) => subject === 'no canary').length === 2);
});

it('mail for the MX of SES comes in by its receipt rule', { timeout: 60_000 }, async () => {
  await send({ id: 'to-ses', to: ['box@ses.in.example.com'], subject: 'by SES', text: 'hello' });
  await stack.until(async () => (await received()).some(({ subject }) => subject === 'by SES'));
  const [entry] = (await received()).filter(({ subject }) => subject === 'by SES');
  expect(entry).toMatchObject({ provider: 'ses', envelope: { to: ['box@ses.in.example.com'] } });
});

it('the alarm of one MX is raised while it is down, and ends', { timeout: 300_000 }, async () => {
  await stack.breakProvider('mailgun', { network: 'refuse' });
  const state = () => stateOf('Mailover/mailgun/MxCanaryMissing');
  await expect.poll(state, { timeout: 120_000, interval: 500 }).toBe('ALARM');
  expect(await stateOf('Mailover/postmark/MxCanaryMissing')).toBe('OK');
  await stack.repairAll();
  await expect.poll(state, { timeout: 120_000, interval: 500 }).toBe('OK');
});

it('those of the default list come back over every way out and every MX', { timeout: 180_000 }, async () => {
  await stack.close();
  stack = await givenStack(1_200);
  const began = Date.now();
  const { inbound, providers } = stack.info;
  const mx = Object.keys(inbound);
  expect(mx).toEqual(['postmark', 'mailgun', 'ses']);
  const alarms = [
    ...providers.map(({ key }) => `Mailover/${key}/CanaryMissing`),
    ...mx.map((key) => `Mailover/${key}/MxCanaryMissing`),
  ];

  for (const key of mx) await stack.until(async () => (await returned(key)) > 0);
  // Eight hours in the local stack take about 25 seconds. If a canary mail does not come back, its alarm is raised within this
  // time.
  await expect.poll(() => Date.now() - began, { timeout: 60_000, interval: 1_000 }).toBeGreaterThan(40_000);

  for (const name of alarms) expect([name, await stateOf(name)]).toEqual([name, 'OK']);
  expect(await stateOf('Mailover/postmark/InboundMissed')).not.toBe('ALARM');
  expect(await stateOf('Mailover/mailgun/InboundMissed')).not.toBe('ALARM');
  expect(await received()).toEqual([]);
});

async function send(submission: object): Promise<void> {
  await stack.send([{ version: 1, from: 'a@example.com', ...submission }]);
}
