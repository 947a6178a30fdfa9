import { readFileSync } from 'node:fs';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { decodeWords } from 'postal-mime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

// What people who send mail with other programs reported in public, as small submissions with what must come out of them.
// `source` of a case names the reports; a case with `guard` was right before, and marks where a repair would go too far.

const DIRECTORY = new URL('../fixtures/composed/', import.meta.url);
/** Keys of the default list, by type. */
const KEYS: Readonly<Record<string, string>> = {
  postmark: 'postmark',
  mailgun: 'mailgun',
  ses: 'ses',
  smtp: 'own-mta',
};

interface Expectation {
  readonly end?: readonly ('done' | 'dead' | 'open')[];
  readonly reason?: string;
  readonly detail?: string;
  readonly served?: readonly string[];
  readonly by?: readonly string[];
  readonly untried?: readonly string[];
  readonly headers?: Readonly<
    Record<string, { ids?: readonly string[]; value?: string; contains?: string; decoded?: string }>
  >;
  readonly attachments?: readonly { readonly filename: string; readonly size: number }[];
  readonly maxEncodedLine?: number;
  readonly anyOf?: readonly Expectation[];
}

interface Case {
  readonly id: string;
  readonly file: string;
  /** Sent once through each of these types, or with only these in this order, or as it is. */
  readonly through?: readonly string[];
  readonly only?: readonly string[];
  readonly faults?: readonly { readonly provider: string; readonly fault: object }[];
  readonly expect: Expectation;
  readonly why: string;
}

interface Entry {
  readonly provider: string;
  readonly envelope: { readonly to: readonly string[] };
  readonly headers: readonly (readonly [string, string])[];
  readonly attachments: readonly { readonly filename?: string; readonly size: number }[];
  readonly rawBase64: string;
}

interface Outcome {
  readonly state: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly attempts: readonly { readonly provider: string; readonly outcome?: string }[];
}

const read = (name: string) => readFileSync(new URL(name, DIRECTORY), 'utf8');
const cases = JSON.parse(read('expected.json')) as Case[];
const runs = cases.flatMap((one) =>
  (one.through ?? [undefined]).map((type) => ({ ...one, title: type ? `${one.id} through ${type}` : one.id, type })),
);

let stack: RunningStack;
let sqs: SQSClient;

beforeAll(async () => {
  stack = await givenStack(60);
  sqs = new SQSClient({
    endpoint: stack.info.endpoints.aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
}, 30_000);
afterEach(() => stack.repairAll());
afterAll(() => stack.close());

describe('cases from the field', () => {
  it.each(runs)('$title', { timeout: 60_000 }, async ({ file, type, only, faults = [], expect: wanted, why }) => {
    for (const { provider, fault } of faults) await stack.breakProvider(keyOf(provider), fault);
    const types = type ? [type] : only;
    const text = read(file);
    // A case that names no provider goes out byte for byte.
    const body = types ? JSON.stringify({ ...JSON.parse(text), providers: { only: types.map(keyOf) } }) : text;
    const { MessageId: id = '' } = await sqs.send(
      new SendMessageCommand({ QueueUrl: stack.info.queues.outbound, MessageBody: body }),
    );

    const seen = await outcomeOf(id);
    for (const [place, option] of (wanted.anyOf ?? [wanted]).entries()) {
      try {
        hold(option, seen);
        return;
      } catch (error) {
        if (place === (wanted.anyOf ?? [wanted]).length - 1)
          throw new Error(`${why}\n${String(error)}`, { cause: error });
      }
    }
  });
});

function keyOf(type: string): string {
  const key = KEYS[type];
  if (key === undefined) throw new Error(`no provider of type ${type}`);
  return key;
}

async function outcomeOf(id: string): Promise<{ end: string; outcome: Outcome; entries: readonly Entry[] }> {
  const find = async <T>(path: string) => {
    const response = await fetch(new URL(path, stack.url));
    return response.ok ? ((await response.json()) as T) : undefined;
  };
  let outcome: Outcome | undefined;
  await stack.until(async () => {
    outcome = await find<Outcome>(`/api/submissions/${id}`);
    // What was never taken in stands on the dead-letter queue alone.
    outcome ??= await letterOf(id);
    return outcome !== undefined && (outcome.state !== 'open' || outcome.attempts.some(({ outcome: one }) => one));
  });
  if (!outcome) throw new Error('never seen');
  const entries = (await find<Entry[]>(`/api/accepted?id=${id}`)) ?? [];
  const end = outcome.state === 'accepted' ? 'done' : outcome.state;
  return { end, outcome: end === 'dead' ? { ...outcome, ...(await letterOf(id)) } : outcome, entries };
}

const letters = new Map<string, Outcome>();

async function letterOf(id: string): Promise<Outcome | undefined> {
  const { ReceiveMessageCommand } = await import('@aws-sdk/client-sqs');
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: stack.info.queues.deadLetter,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
      VisibilityTimeout: 43_200,
    }),
  );
  for (const { MessageAttributes: attributes = {} } of Messages)
    letters.set(attributes['SubmissionId']?.StringValue ?? '', {
      state: 'dead',
      attempts: [],
      reason: attributes['Reason']?.StringValue ?? '',
      detail: attributes['Detail']?.StringValue ?? '',
    });
  return letters.get(id);
}

function hold(wanted: Expectation, { end, outcome, entries }: Awaited<ReturnType<typeof outcomeOf>>): void {
  if (wanted.end) expect(wanted.end).toContain(end);
  if (wanted.reason) expect(outcome.reason).toBe(wanted.reason);
  if (wanted.detail) expect(outcome.detail).toMatch(new RegExp(wanted.detail, 'i'));
  if (wanted.served) expect(entries.flatMap(({ envelope }) => envelope.to)).toEqual(wanted.served);
  if (wanted.by) expect(entries.map(({ provider }) => provider)).toEqual(wanted.by.map(keyOf));
  const called = outcome.attempts.filter(({ outcome: one }) => one !== 'skipped').map(({ provider }) => provider);
  for (const type of wanted.untried ?? []) expect(called).not.toContain(keyOf(type));
  for (const entry of entries) {
    for (const [name, rule] of Object.entries(wanted.headers ?? {})) {
      const values = entry.headers
        .filter(([other]) => other.toLowerCase() === name.toLowerCase())
        .map(([, value]) => value);
      expect(values).toHaveLength(1);
      const [value = ''] = values;
      if (rule.ids) expect([value.match(/<[^>]*>/g), value.replace(/<[^>]*>/g, '').trim()]).toEqual([rule.ids, '']);
      if (rule.value) expect(value.replace(/\s+/g, ' ')).toBe(rule.value);
      if (rule.contains) expect(value.replace(/\s+/g, ' ')).toContain(rule.contains);
      if (rule.decoded) expect(decodeWords(value)).toBe(rule.decoded);
    }
    if (wanted.attachments)
      expect(entry.attachments.map(({ filename, size }) => ({ filename, size }))).toEqual(wanted.attachments);
    if (wanted.maxEncodedLine) {
      const [block = ''] = Buffer.from(entry.rawBase64, 'base64').toString('latin1').split('\r\n\r\n', 1);
      const lines = block.split('\r\n').filter((line) => /=\?[^?]+\?[bq]\?/i.test(line));
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(wanted.maxEncodedLine);
    }
  }
}
