import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import type { Message } from '../../../lambda/mail/message.ts';
import { composeMime } from '../../../lambda/mail/mime.ts';
import { defined } from '../../../lambda/platform/defined.ts';
import type { Provider } from '../../../lambda/providers/provider.ts';
import {
  definitionOf,
  definitions,
  loadInbound,
  loadProvider,
  type ProviderType,
} from '../../../lambda/providers/registry.ts';
import { validateProviders } from '../../../lib/configuration/validate-providers.ts';
import { makeSecret } from '../../../local/aws/secrets.ts';
import { StackClock } from '../../../local/clock.ts';
import { type Fault, FaultBoard, parseFaults } from '../../../local/faults/faults.ts';
import { ownHosts } from '../../../local/network/own-hosts.ts';
import type { PostingType } from '../../../local/simulators/inbound/posting.ts';
import { readReception } from '../../../local/simulators/inbound/received-mail.ts';
import { type Simulators, startSimulators } from '../../../local/simulators/main.ts';
import { simulatedTypes } from '../../../local/simulators/registry.ts';
import type { TypeFaults } from '../../../local/simulators/type.ts';
import { attemptOf } from '../../lambda/providers/attempt.ts';
import { meaningOf } from '../../lambda/providers/outcome-words.ts';

// These tests check that every provider type of the registry behaves in the same way, over real sockets and against its
// simulator. What is special about a type is tested in the folder of that type.

const TYPES = Object.keys(definitions) as ProviderType[];
const entries = TYPES.map((type) => ({ key: type, type, options: simulatedTypes[type].example.options }));
const before = { ...process.env };

let stack: Simulators;
let faults: FaultBoard;
beforeAll(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' });
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
  faults = new FaultBoard();
  stack = await startSimulators({
    providers: entries as ProviderConfig[],
    basePort: 0,
    secrets: Object.fromEntries(TYPES.map((type) => [type, simulatedTypes[type].example.secret])),
    tls: { key, cert },
    faults,
    own: ownHosts(),
    // In the simulators a look-up (the question whether the provider has a mail) finds a mail only after some seconds. This clock
    // runs a thousand times faster.
    clock: new StackClock(1_000),
  });
});
afterEach(async () => {
  stack.accepted.clear();
  await Promise.all(TYPES.map((type) => faults.clear(type)));
});
afterAll(async () => {
  process.env = before;
  await stack.close();
});

it('names what a type lacks', () => {
  const pages = ['README.md', 'docs/configuration.md', 'docs/architecture.md'].map((page) => ({
    page,
    text: readFileSync(page, 'utf8'),
  }));
  const guide = readFileSync('docs/inbound.md', 'utf8');
  const lacking = TYPES.flatMap((type) => {
    const { title, inbound } = definitionOf(type);
    const files = [
      `lambda/providers/${type}/facts.ts`,
      `test/lambda/providers/${type}/classify.test.ts`,
      `test/lambda/providers/${type}/send.test.ts`,
      `test/lambda/providers/${type}/health.test.ts`,
    ];
    return [
      ...(type in simulatedTypes ? [] : [`${type}: a line in local/simulators/registry.ts`]),
      ...(inbound?.over === 'http' && !simulatedTypes[type].posting ? [`${type}: posting, in its simulation`] : []),
      ...(inbound && !guide.includes(title) ? [`${type}: its set-up in docs/inbound.md`] : []),
      ...(title === '' ? [`${type}: a title`] : []),
      ...(existsSync(`test/lambda/providers/${type}/fixtures`) ? [] : [`${type}: fixtures, each with source and date`]),
      ...files.filter((file) => !existsSync(file)).map((file) => `${type}: ${file}`),
      ...pages.filter(({ text }) => !text.includes(`\`${type}\``)).map(({ page }) => `${type}: a row in ${page}`),
    ];
  });

  expect(lacking).toEqual([]);
});

/** For each fault that a provider type can simulate, the correct outcomes of an attempt. */
const MEANINGS: readonly (readonly [keyof TypeFaults, readonly string[]])[] = [
  ['suspended', ['unavailable account']],
  ['keyRevoked', ['unavailable account']],
  ['outOfQuota', ['unavailable account']],
  ['throttled', ['throttled provider']],
  ['badMessage', ['refused message']],
  ['unknownSender', ['unavailable sender']],
  // If a provider does not report suppressed recipients, its simulator reports an invalid address for this fault.
  ['badRecipient', ['refused recipient', 'refused message']],
  ['unrecognised', ['unrecognised']],
  ['failed', ['unavailable outage']],
  ['failedAttempt', ['unavailable outage']],
];

describe.each(TYPES)('the type %s', (type) => {
  const definition = definitionOf(type);

  it('is listed under its own name, and its example is a valid entry', () => {
    expect(definition.type).toBe(type);
    validateProviders([{ key: type, type, options: simulatedTypes[type].example.options }], definitions);
    expect(Object.keys(simulatedTypes[type].example.secret)).toEqual(
      expect.arrayContaining([...definition.secretFields]),
    );
  });

  it('refuses an option that it does not have', () => {
    const options = { ...simulatedTypes[type].example.options, 'no-such-option': 1 };

    expect(() => validateProviders([{ key: type, type, options }], definitions)).toThrow('no-such-option');
  });

  it('sends one mail to all recipients, with names, ids and handle unchanged, and without Bcc', async () => {
    const { outcome } = await send(type, MAIL);

    expect(outcome).toMatchObject({ kind: 'accepted', providerMessageId: expect.stringMatching(/\S/) });
    const [entry, ...others] = await stack.accepted.list({ provider: type });
    expect(others).toEqual([]);
    expect([...(entry?.envelope.to ?? [])].sort()).toEqual(ALL.toSorted());
    expect(entry?.submissionId).toBe('order-1');
    const header = new Map(entry?.headers.map(([name, value]) => [name.toLowerCase(), value]));
    expect(header.get('to')?.replace(/\s+/g, ' ')).toBe('"Doe, \\"J\\" <x@y>" <ada@example.org>, bob@example.org');
    expect(header.get('message-id')).toBe(MAIL.messageId);
    expect(JSON.stringify(entry?.headers)).not.toContain('hidden@example.org');
    expect(Buffer.from(entry?.rawBase64 ?? '', 'base64').toString('latin1')).toContain(MAIL.handle);
  });

  it('is healthy, and says so without sending', async () => {
    const provider = await providerOf(type, 'health');

    expect(await provider.health?.({ deadlineMs: 3_000, connectMs: 2_000 })).toMatchObject({ state: 'healthy' });
    provider.close?.();
    expect(await stack.accepted.list()).toEqual([]);
  });

  it.each(MEANINGS)('reads the answer of its fault %s', async (name, meanings) => {
    const fault = simulatedTypes[type].faults[name];
    await set(type, Array.isArray(fault) ? fault : [fault as Fault]);

    expect(meanings).toContain(meaningOf((await send(type, MAIL, ['ada@example.org'])).outcome));
    expect(await stack.accepted.list()).toEqual([]);
  });

  it.each([
    ['refuse', 'unavailable outage'],
    ['hang', 'unknown'],
    ['reset', 'unknown'],
    ['reset-after-accept', 'unknown'],
  ] as const)('reads %s on the wire as %s', async (network, meaning) => {
    await set(type, [{ network }]);

    expect(meaningOf((await send(type, MAIL, ALL, 700)).outcome)).toBe(meaning);
  });

  it.runIf(definition.askable)('can be asked about a lost answer, and about a mail that it never had', async () => {
    await set(type, [{ network: 'reset-after-accept' }]);
    const begunAt = Date.now();
    await send(type, MAIL);
    await faults.clear(type);
    const provider = await providerOf(type);
    const ask = (handle: string) =>
      provider.lookup?.({
        handle,
        messageId: `<${handle}@example.com>`,
        recipients: ALL,
        begunAt,
        deadlineMs: 3_000,
        connectMs: 2_000,
      });
    await delay(60);

    const found = await ask(MAIL.handle);
    expect(found?.kind === 'answered' ? [...found.found.keys()].sort() : found).toEqual(ALL.toSorted());
    expect(await ask('i'.repeat(43))).toEqual({ kind: 'answered', found: new Map() });
    provider.close?.();
  });

  it.skipIf(definition.askable)('has no look-up, as its definition says', async () => {
    const provider = await providerOf(type);

    expect(provider.lookup).toBeUndefined();
    provider.close?.();
  });
});

const POSTED = TYPES.flatMap((type) => {
  const { posting } = simulatedTypes[type];
  return (posting?.forms ?? []).map((form) => ({ type, form, posting: posting as PostingType }));
});

describe.each(POSTED)('mail that $type posts as $form', ({ type, form, posting }) => {
  const { secretFields = [], optionalSecretFields = [] } = definitionOf(type).inbound ?? {};
  const secret = makeSecret(type, [...secretFields, ...optionalSecretFields]);
  const raw = Buffer.from('From: ada@example.org\r\nMessage-ID: <one@example.org>\r\nSubject: Hello\r\n\r\nHello\r\n');
  const to = 'box+abc@in.example.com';
  const request = (previous = false) => {
    const mail = readReception({ raw, from: 'ada@example.org', to });
    const options = { form, previous };
    const received = { id: posting.newId(), at: Date.now(), mail, options, tries: [], status: 'scheduled' } as const;
    const route = posting.route(`/inbound/key/${secret['inboundPath']}`, secret);
    return posting.post({ ...received, tries: [] }, route, 'https://example.com/stored');
  };
  const authenticate = async (posted: ReturnType<typeof request>, known: typeof secret) => {
    const { authenticate } = await loadInbound(type);
    return authenticate({ headers: {}, ...posted }, known, Date.now());
  };

  it('is genuine, signed with the present or the previous key, and is a mail for its recipient', async () => {
    const fields = optionalSecretFields.some((name) => /^previous/.test(name)) ? [false, true] : [false];

    for (const previous of fields) {
      const authentication = await authenticate(request(previous), secret);
      const posted = authentication.kind === 'genuine' ? authentication.read() : authentication;
      expect(posted).toMatchObject({ kind: 'mail', mails: [{ recipients: [to], sender: 'ada@example.org' }] });
    }
  });

  it('goes to the path of its secret, or below it where the definition says so', () => {
    const { inbound } = definitionOf(type);
    const ends = inbound?.over === 'http' ? (inbound.pathEnds ?? []) : [];

    expect(['', ...ends.map((end) => `/${end}`)].map((end) => `/inbound/key/${secret['inboundPath']}${end}`)).toContain(
      request().path,
    );
  });

  it('is refused with another secret, without one, and without its headers', async () => {
    const other = makeSecret('other', Object.keys(secret));

    expect((await authenticate(request(), other)).kind).toBe('refused');
    expect((await authenticate(request(), {})).kind).toBe('refused');
    expect((await authenticate({ ...request(), headers: {}, body: Buffer.from('{}') }, secret)).kind).toBe('refused');
  });
});

const HANDLE = 'h'.repeat(43);
const MAIL: Message = {
  ...attemptOf().message,
  handle: HANDLE,
  messageId: `<${HANDLE}@example.com>`,
  from: { name: 'Shop', address: 'shop@example.com' },
  to: [{ name: 'Doe, "J" <x@y>', address: 'ada@example.org' }, { address: 'bob@example.org' }],
  cc: [],
  bcc: [{ address: 'hidden@example.org' }],
  headers: [['X-Mailover-Id', 'order-1']],
};
const ALL = ['ada@example.org', 'bob@example.org', 'hidden@example.org'];

async function set(type: ProviderType, list: readonly Fault[]): Promise<void> {
  await faults.set(type, parseFaults(JSON.parse(JSON.stringify(list))));
}

async function providerOf(type: ProviderType, purpose: 'send' | 'health' = 'send'): Promise<Provider> {
  const { create } = await loadProvider(type);
  const { options, secret } = simulatedTypes[type].example;
  const endpoint = (purpose === 'send' ? stack.endpoints : stack.healthEndpoints)[type];
  return create({ key: type, options, secret, ...defined({ endpoint }) });
}

async function send(type: ProviderType, message: Message, recipients: readonly string[] = ALL, deadlineMs = 5_000) {
  const provider = await providerOf(type);
  const mime = await composeMime(message);
  const result = await provider.send(
    attemptOf({ message, attempt: { recipients, mime: async () => mime, deadlineMs, connectMs: 500 } }),
  );
  provider.close?.();
  return result;
}
