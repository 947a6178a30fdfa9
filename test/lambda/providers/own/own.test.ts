import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { composeMime } from '../../../../lambda/mail/mime.ts';
import { providerPool } from '../../../../lambda/providers/pool.ts';
import { definitionOf, definitions, loadProvider, type ProviderType } from '../../../../lambda/providers/registry.ts';
import { validateProviders } from '../../../../lib/configuration/validate-providers.ts';
import { type Answer, startServer, verbatim } from '../../../support/local-server.ts';
import { attemptOf } from '../attempt.ts';
import { LOST } from '../lost-answers.ts';

// This registers a provider type that a user wrote, as docs/adding-a-provider.md describes.
vi.mock('../../../../lambda/providers/own/types.ts', async () => ({
  ownTypes: { acme: (await import('./acme.ts')).acme },
}));

const ACME = 'acme' as ProviderType;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** Makes one attempt to send through the provider pool of a process, as the sender does. */
async function send(answer: Answer) {
  const server = await startServer(answer);
  stops.push(server.close);
  const secrets = { read: async () => ({ token: 'key' }) };
  const log = { info() {}, warn() {}, error() {} };
  const pool = providerPool(
    { definitions, loadProvider },
    secrets,
    {},
    { name: 'Mailover', log, metrics: { add() {} } },
  );
  const config = { key: 'acme', type: ACME, options: { url: server.url } };
  const attempt = attemptOf();
  const mime = await composeMime(attempt.message);
  const used = await pool.use(config as Parameters<typeof pool.use>[0], {
    deadlineMs: 400,
    connectMs: 300,
    call: (provider, deadlineMs) => provider.send({ ...attempt, mime: async () => mime, deadlineMs }),
    ownFault: () => undefined,
    isAuthentication: () => false,
  });
  return { server, mime, outcome: used.kind === 'done' ? used.result.outcome : used };
}

test('the page shows this example, in at most 60 lines', () => {
  const code = readFileSync(new URL('acme.ts', import.meta.url), 'utf8');
  const page = readFileSync('docs/adding-a-provider.md', 'utf8');

  expect(page).toContain(`\`\`\`ts\n${code.replaceAll("'../../../../lambda/providers/", "'../")}\`\`\``);
  expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
});

test('the registry has it beside all other types', () => {
  expect(Object.keys(definitions)).toEqual(expect.arrayContaining(['ses', 'smtp', 'acme']));
  expect(definitionOf(ACME).title).toBe('Acme');
});

test('its options are checked', () => {
  const check = (options: object) => () => validateProviders([{ key: 'a', type: 'acme', options }], definitions);

  expect(check({ url: 'https://api.acme.example' })).not.toThrow();
  expect(check({ url: 'acme' })).toThrow('providers[0] (a): options.url: must be the URL of the API');
  expect(check({ url: 'https://api.acme.example', region: 'eu' })).toThrow('region');
});

test('it sends', async () => {
  const { server, mime, outcome } = await send(verbatim(202, {}, '{"id":"a-1"}'));

  expect(outcome).toEqual({ kind: 'accepted', providerMessageId: 'a-1' });
  const [seen] = server.received;
  expect([seen?.method, seen?.url, seen?.headers.authorization]).toEqual(['POST', '/mail', 'Bearer key']);
  expect(JSON.parse(seen?.body.toString() ?? '')).toEqual({
    id: 'h'.repeat(43),
    from: 'a@example.com',
    recipients: ['list@example.org', 'hidden@example.net'],
    mime: mime.toString('base64'),
  });
});

test.each([
  [401, '', { kind: 'unavailable', blames: 'account', reason: 'authentication' }],
  [402, '', { kind: 'unavailable', blames: 'account', reason: 'quota' }],
  [400, 'this attachment', { kind: 'refused', blames: 'message', reason: 'attachment-type' }],
  [400, 'no', { kind: 'unrecognised' }],
  [429, '', { kind: 'throttled' }],
  [500, '', { kind: 'unavailable', blames: 'outage', maybeTaken: true }],
  [200, '{}', { kind: 'unknown', reason: 'no-message-id' }],
])('%i %j is %o', async (status, body, expected) => {
  expect((await send(verbatim(status, {}, body))).outcome).toMatchObject(expected);
});

test.each(LOST.filter(({ reason }) => reason !== 'answer-lost'))('$name is unknown', async ({ answer, reason }) => {
  expect((await send(answer)).outcome).toMatchObject({ kind: 'unknown', reason });
});
