import { readFileSync } from 'node:fs';
import { type Message, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptedEntry, givenStack, type RunningStack } from '../support/running-stack.ts';

/** What users of other mail software reported, told over the public interfaces of the local stack. */
interface Case {
  readonly id: string;
  readonly file?: string;
  readonly only?: readonly Type[];
  readonly repeat?: number;
  readonly faults?: readonly { readonly provider: Type; readonly fault: object }[];
  readonly session?: { readonly stage: string; readonly reply: string; readonly always?: boolean };
  readonly expect?: {
    readonly end: readonly ('done' | 'dead' | 'open')[];
    readonly reason?: string;
    readonly done?: readonly number[];
    readonly served?: readonly string[];
    readonly mayServe?: readonly string[];
    readonly by?: readonly Type[];
    readonly hits?: Readonly<Record<string, readonly [number, number]>>;
    readonly circuit?: Readonly<Record<string, string>>;
  };
  readonly why: string;
}

interface Reply {
  readonly id: string;
  readonly provider: Type;
  readonly stage?: string;
  readonly reply?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly right: readonly { readonly kind?: string; readonly blames?: string }[];
  readonly opens?: boolean;
  readonly why: string;
}

type Type = 'postmark' | 'mailgun' | 'ses' | 'smtp';
const KEYS: Readonly<Record<Type, string>> = { postmark: 'postmark', mailgun: 'mailgun', ses: 'ses', smtp: 'own-mta' };

const folder = new URL('../fixtures/outbound/', import.meta.url);
const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));

const MAIL = { version: 1, from: 'shop@example.com', to: ['ada@example.org'], subject: 'Your order', text: 'Hello' };

let stack: RunningStack;
let sqs: SQSClient;
let count = 0;
const letters: Message[] = [];

beforeAll(async () => {
  stack = await givenStack(60);
  sqs = new SQSClient({
    endpoint: stack.info.endpoints.aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
}, 120_000);

afterEach(() => stack.repairAll());
afterAll(() => stack.close());

const CASES = read<Case[]>('expected.json');

// In this order: mail that waits is tried again, and would meet the faults of others.
// Another process may take the second mail, and has no kept connection: then the case has not been tried.
describe('the next mail on a kept connection', { timeout: 60_000, retry: 4 }, () => {
  it.each(CASES.filter(({ session }) => session).map((one) => [one.id, one] as const))('%s', async (_, one) => {
    const { stage = '', reply = '', always = false } = one.session ?? {};
    const providers = { only: [KEYS.smtp, KEYS.mailgun] };
    await stack.accepted([await send({ ...MAIL, providers })]);
    await stack.breakProvider(KEYS.smtp, { smtp: { stage, reply }, ...(!always && { times: 1 }) });

    const id = await send({ ...MAIL, providers });

    const [entry] = (await stack.accepted([id])) as [AcceptedEntry];
    expect(entry.provider, one.why).toBe(always ? KEYS.mailgun : KEYS.smtp);
    expect((await stack.submission(id))?.attempts, one.why).toHaveLength(always ? 2 : 1);
    expect(await hitsOf('smtp')).toBeLessThanOrEqual(always ? 2 : 1);
  });
});

describe('a mail', { timeout: 60_000 }, () => {
  it.each(CASES.filter(({ file }) => file).map((one) => [one.id, one] as const))('%s', async (_, one) => {
    const { file = '', only, faults = [], repeat = 1, why } = one;
    const wanted = one.expect ?? { end: ['done'] };
    for (const type of new Set(faults.map(({ provider }) => provider)))
      await stack.breakProvider(
        KEYS[type],
        faults.filter(({ provider }) => provider === type).map(({ fault }) => fault),
      );
    const providers = only && { only: only.map((type) => KEYS[type]) };
    let last = { id: '', end: 'open', reason: '', done: [] as readonly number[] };
    for (let time = 0; time < repeat; time += 1) {
      const id = await send({ ...read<object>(file), ...(providers && { providers }) });
      last = { id, ...(await ending(id)) };
      expect(wanted.end, why).toContain(last.end);
    }

    if (wanted.reason && last.end === 'dead') expect(last.reason, why).toBe(wanted.reason);
    if (wanted.done) expect(last.done, why).toEqual(wanted.done);
    const entries = await stack.entries(last.id);
    const served = entries.flatMap(({ envelope }) => envelope.to);
    const sure = served.filter((one) => !wanted.mayServe?.includes(one));
    if (wanted.served) expect(sure.toSorted(), why).toEqual([...wanted.served].sort());
    expect(new Set(served).size, why).toBe(served.length);
    const by = entries.map(({ provider }) => provider);
    if (wanted.by) for (const key of by) expect(wanted.by.map((type) => KEYS[type])).toContain(key);
    for (const [type, [least, most]] of Object.entries(wanted.hits ?? {})) {
      const hits = await hitsOf(type as Type);
      expect(hits, why).toBeGreaterThanOrEqual(least);
      expect(hits, why).toBeLessThanOrEqual(most);
    }
    for (const [type, state] of Object.entries(wanted.circuit ?? {})) expect(await circuitOf(type as Type)).toBe(state);
  });
});

describe('a mail that may go to one provider only', { timeout: 60_000 }, () => {
  it.each(read<Reply[]>('replies.json').map((reply) => [reply.id, reply] as const))('meets %s', async (_, reply) => {
    const { provider, stage, reply: text, status, headers, body, right, why } = reply;
    const fault =
      provider === 'smtp'
        ? { smtp: { stage, reply: text } }
        : { respond: { status, headers, body: JSON.stringify(body) } };
    await stack.breakProvider(KEYS[provider], fault);

    const id = await send({ ...MAIL, providers: { only: [KEYS[provider]] } });
    const end = await ending(id);

    const isRefusal = right.every(({ kind = 'unavailable' }) => kind === 'refused');
    const mayWait = right.some(({ kind }) => kind !== 'refused');
    if (isRefusal) expect(end, why).toMatchObject({ end: 'dead', reason: 'Refused' });
    else if (mayWait && end.end === 'dead')
      expect(right, why).toContainEqual(expect.objectContaining({ kind: 'refused' }));
    else expect(end.end, why).toBe('open');
    if (reply.opens) await stack.until(async () => (await circuitOf(provider)) === 'open');
    expect(await stack.entries(id)).toEqual([]);
  });
});

async function send(submission: object): Promise<string> {
  count += 1;
  const id = `case-${count}`;
  const body = JSON.stringify({ ...submission, id });
  await sqs.send(new SendMessageCommand({ QueueUrl: stack.info.queues.outbound, MessageBody: body }));
  return id;
}

/** How a submission stands after its first round. */
async function ending(id: string): Promise<{ end: 'done' | 'dead' | 'open'; reason: string; done: readonly number[] }> {
  let end: 'done' | 'dead' | 'open' | undefined;
  await stack.until(async () => {
    const { state, attempts = [], ...more } = (await stack.submission(id)) ?? {};
    const isOver = attempts.length > 0 && attempts.every((one) => 'ended' in one) && !('inFlightUntil' in more);
    end = state === 'done' || state === 'dead' ? state : isOver ? 'open' : undefined;
    return end !== undefined;
  });
  if (end !== 'dead') return { end: end ?? 'open', reason: '', done: [] };
  // Mail that waits since an earlier case may end meanwhile.
  const ofId = (one: Message) => one.MessageAttributes?.['SubmissionId']?.StringValue === id;
  while (!letters.some(ofId)) letters.push(...(await stack.letters(1)));
  const text = (name: string) => letters.find(ofId)?.MessageAttributes?.[name]?.StringValue ?? '';
  return { end: 'dead', reason: text('Reason'), done: text('Done').split(',').filter(Boolean).map(Number) };
}

async function circuitOf(type: Type): Promise<string | undefined> {
  const circuits = (await (await fetch(new URL('/api/circuits', stack.url))).json()) as {
    provider: string;
    state: string;
  }[];
  return circuits.find(({ provider }) => provider === KEYS[type])?.state;
}

async function hitsOf(type: Type): Promise<number> {
  const response = await fetch(new URL(`/api/providers/${KEYS[type]}/fault`, stack.url));
  const faults = [(await response.json()) as { hits: number }].flat();
  return faults.reduce((sum, { hits }) => sum + hits, 0);
}
