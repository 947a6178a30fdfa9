import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { InboundMessage } from '../../lambda/contract/inbound.ts';
import { inboundSchema } from '../../lambda/contract/inbound.ts';
import { givenInboundStack, type InboundStack } from '../support/inbound-stack.ts';

// Each mail of the fixtures is posted to a running local stack in every format in which a provider can post received mail. Every
// format must give the same fields in the message on the inbound queue. The simulated provider makes the request from the mail,
// and uses another MIME parser than the inbound function.

type Facts = Partial<Record<string, unknown>> & {
  readonly absent?: readonly string[];
  readonly referencesCount?: number;
};

interface Fixture {
  /** Where this mail comes from, and what it tests. */
  readonly note: string;
  readonly envelope: { readonly from: string | null; readonly to: readonly string[] };
  /** Webhook formats in which to post the mail, such as JSON or raw MIME. @default - all */
  readonly forms?: readonly Form[];
  readonly expect: Facts;
  /** Expected fields of the message, in addition to those of `expect`, for each webhook format in which the mail is posted. */
  readonly by?: Partial<Record<Form, Facts>>;
}

const FORMS = {
  form: { provider: 'mailgun', options: { form: 'form' } },
  mime: { provider: 'mailgun', options: { form: 'mime' } },
  store: { provider: 'mailgun', options: { form: 'store' } },
  postmark: { provider: 'postmark', options: {} },
  'postmark-raw': { provider: 'postmark', options: { form: 'raw' } },
  ses: { provider: 'ses', options: {} },
} as const;
type Form = keyof typeof FORMS;

const DIRECTORY = new URL('../lambda/inbound/fixtures/', import.meta.url);
const fixtures = readdirSync(DIRECTORY)
  .filter((name) => name.endsWith('.eml'))
  .map((name) => {
    const mail = readFileSync(new URL(name, DIRECTORY));
    const fixture = JSON.parse(readFileSync(new URL(name.replace('.eml', '.json'), DIRECTORY), 'utf8')) as Fixture;
    return { name: name.replace('.eml', ''), mail, fixture };
  });
const cases = fixtures.flatMap(({ name, mail, fixture }) =>
  (fixture.forms ?? (Object.keys(FORMS) as Form[])).map((form) => ({
    title: `${name} as ${form}`,
    mail,
    fixture,
    form,
  })),
);

let stack: InboundStack;
beforeAll(async () => {
  stack = await givenInboundStack(1);
}, 60_000);
afterAll(async () => {
  await stack?.close();
});

test('there are at least ninety payloads, and some in every webhook format', () => {
  expect(cases.length).toBeGreaterThanOrEqual(90);
  expect(new Set(cases.map(({ form }) => form)).size).toBe(Object.keys(FORMS).length);
});

test.each(cases)('$title', { timeout: 30_000 }, async ({ mail, fixture, form }) => {
  const { provider, options } = FORMS[form];
  // Each webhook format uses its own recipient, since the inbound function delivers the same mail to the same recipient only
  // once. For SES, the domain of the recipient is not changed: the receipt rule of SES accepts only this domain.
  const to = fixture.envelope.to.map((address) => (form === 'ses' ? address : address.replace('@', `@${form}.`)));

  const messages = await stack.receive(provider, { raw: crlf(mail), from: fixture.envelope.from, to, ...options });

  expect(messages.map(({ envelope }) => envelope.to).sort()).toEqual(to.map((address) => [address]).sort());
  for (const message of messages) {
    inboundSchema.parse(message);
    expect(message.provider).toBe(provider);
    expect(message.envelope.from).toBe(fixture.envelope.from);
    expectFacts(message, fixture.expect);
    expectFacts(message, fixture.by?.[form] ?? {});
    for (const { s3, size } of message.attachments ?? []) expect((await stack.object(s3)).length).toBe(size);
    expect((await stack.object(message.raw.s3)).length).toBeGreaterThan(0);
  }
});

function expectFacts(message: InboundMessage, { absent = [], referencesCount, ...facts }: Facts): void {
  for (const name of absent) expect(message, `has no ${name}`).not.toHaveProperty(name);
  if (referencesCount !== undefined) expect(message.references).toHaveLength(referencesCount);
  for (const [name, value] of Object.entries(facts)) {
    const found = message[name as keyof InboundMessage];
    if (name === 'attachments') expectAttachments(message, value as readonly Facts[]);
    else if (typeof value === 'string' && typeof found === 'string') expect(plain(found), name).toBe(value);
    else if (name === 'flags') expect([...(found as string[])].sort(), name).toEqual(value);
    else expect(found, name).toEqual(value);
  }
}

function expectAttachments({ attachments = [] }: InboundMessage, expected: readonly Facts[]): void {
  expect(attachments.map(({ filename }) => filename)).toEqual(expected.map(({ filename }) => filename));
  for (const [place, { absent = [], ...facts }] of expected.entries()) {
    expect(attachments[place]).toMatchObject(facts);
    for (const name of absent) expect(attachments[place]).not.toHaveProperty(name);
  }
}

/** Returns the text with LF line ends and without white space at its end. */
function plain(text: string): string {
  return text.replaceAll('\r\n', '\n').trimEnd();
}

/** Returns the mail with CRLF line ends, as SMTP requires. */
function crlf(mail: Buffer): Buffer {
  return Buffer.from(mail.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
}
