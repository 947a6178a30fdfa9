import { readFileSync } from 'node:fs';
import { decodeWords } from 'postal-mime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CaseStack, type Ending, givenCases, KEYS, only, type Type } from '../support/case-stack.ts';
import type { AcceptedEntry } from '../support/running-stack.ts';

// Each case comes from a bug report about other mail software, and is tested through the public interfaces of the local stack.
// `source` of a case names the bug reports. A case with `guard` has never failed here; it would fail if a repair of another case
// changes too much.

interface Rule {
  readonly ids?: readonly string[];
  readonly value?: string;
  readonly contains?: string;
  readonly decoded?: string;
}

interface Expectation {
  readonly end?: readonly Ending['end'][];
  readonly reason?: string;
  readonly detail?: string;
  readonly done?: readonly number[];
  readonly served?: readonly string[];
  readonly mayServe?: readonly string[];
  readonly by?: readonly Type[];
  readonly untried?: readonly Type[];
  /** For each fault, by its name, the expected number of calls that it affected: a number, or a minimum and a maximum. */
  readonly hits?: Readonly<Record<string, number | readonly [number, number]>>;
  readonly circuit?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, Rule>>;
  readonly attachments?: readonly { readonly filename: string; readonly size: number }[];
  readonly maxEncodedLine?: number;
  readonly anyOf?: readonly Expectation[];
}

interface Case {
  readonly id: string;
  readonly file?: string;
  /**
   * Provider types for the mail of the case. With `through`, the mail is sent once through each type. With `only`, the mail may
   * go to these types, in this order. Without both, the mail itself names its providers.
   */
  readonly through?: readonly Type[];
  readonly only?: readonly Type[];
  readonly variant?: 'smtpUtf8';
  readonly repeat?: number;
  readonly faults?: readonly Fault[];
  readonly session?: { readonly stage: string; readonly reply: string; readonly always?: boolean };
  readonly expect?: Expectation;
  readonly why: string;
}

interface Fault {
  readonly provider: Type;
  /** Name that distinguishes two faults of one provider. */
  readonly name?: string;
  readonly fault: object;
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

const folder = new URL('../fixtures/outbound/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const CASES: readonly Case[] = JSON.parse(read('expected.json'));
const REPLIES: readonly Reply[] = JSON.parse(read('replies.json'));
const VARIANTS = 'test/flow/apps/variants.ts';

/**
 * Largest number of tries of one case. The second mail of a case must use a connection that was kept open after the first mail.
 * If another process sends the second mail, this process has no such connection, and the mail correctly fails over. The case was
 * then not tested, so it is tried again. If this happens fifteen times in a row, there is another cause.
 */
const MOST_TRIES = 15;
const MAIL = { version: 1, from: 'shop@example.com', to: ['ada@example.org'], subject: 'Your order', text: 'Hello' };

let cases: CaseStack;

/** Starts a local stack for the tests of one `describe` block, and closes it after them. */
function stackFor(app?: string): void {
  beforeAll(async () => {
    cases = await givenCases(app);
  }, 120_000);
  afterEach(() => cases.stack.repairAll());
  afterAll(() => cases?.stack.close());
}

const titled = (list: readonly Case[]) =>
  list.flatMap((one) =>
    (one.through ?? [undefined]).map((type) => [type ? `${one.id} through ${type}` : one.id, one, type] as const),
  );

describe('with the app of bin/mailover.ts', () => {
  stackFor();

  // The order of these blocks matters: mail of the later blocks may still wait when its test ends, and faults of other cases would
  // apply to it when it is tried again.
  describe('the next mail on a reused connection', { timeout: 120_000 }, () => {
    it.each(CASES.filter(({ session }) => session).map((one) => [one.id, one] as const))('%s', async (_, one) => {
      const { stage = '', reply = '', always = false } = one.session ?? {};
      const mail = { ...MAIL, ...only(['smtp', 'mailgun']) };
      let met = false;
      for (let tries = 1; !met; tries += 1) {
        await cases.stack.repairAll();
        await cases.stack.accepted([await cases.send(mail)]);
        await cases.stack.breakProvider(KEYS.smtp, { smtp: { stage, reply }, ...(!always && { times: 1 }) });

        const id = await cases.send(mail);

        const [entry] = (await cases.stack.accepted([id])) as [AcceptedEntry];
        const { called } = await cases.ending(id);
        const hits = await cases.hits('smtp');
        met = hits === (always ? 2 : 1) && (always || entry.provider === KEYS.smtp || tries >= MOST_TRIES);
        if (!met) continue;
        expect(entry.provider, one.why).toBe(always ? KEYS.mailgun : KEYS.smtp);
        expect(called, one.why).toEqual(always ? [KEYS.smtp, KEYS.mailgun] : [KEYS.smtp]);
      }
    });
  });

  describe('a mail', { timeout: 60_000 }, () => {
    it.each(titled(CASES.filter(({ file, variant }) => file && !variant)))('%s', (_, one, type) => meets(one, type));
  });

  describe('a mail that may go to one provider only', { timeout: 60_000 }, () => {
    it.each(REPLIES.map((reply) => [reply.id, reply] as const))('which answers with %s', async (_, reply) => {
      const { provider, stage, reply: text, status, headers, body, right, why } = reply;
      const fault =
        provider === 'smtp'
          ? { smtp: { stage, reply: text } }
          : { respond: { status, headers, body: JSON.stringify(body) } };
      await cases.stack.breakProvider(KEYS[provider], fault);

      const end = await cases.ending(await cases.send({ ...MAIL, ...only([provider]) }));

      const isRefusal = right.every(({ kind = 'unavailable' }) => kind === 'refused');
      const mayWait = right.some(({ kind }) => kind !== 'refused');
      if (isRefusal) expect(end, why).toMatchObject({ end: 'dead', reason: 'Refused' });
      else if (mayWait && end.end === 'dead')
        expect(right, why).toContainEqual(expect.objectContaining({ kind: 'refused' }));
      else expect(end.end, why).toBe('open');
      if (reply.opens) await cases.stack.until(async () => (await cases.circuit(provider)) === 'open');
      expect(end.taken).toEqual([]);
    });
  });
});

describe('with an SMTP server that supports SMTPUTF8, a mail', { timeout: 60_000 }, () => {
  stackFor(VARIANTS);

  it.each(titled(CASES.filter(({ variant }) => variant === 'smtpUtf8')))('%s', (_, one, type) => meets(one, type));
});

/** Sends the mail of a case `repeat` times, and compares each result with the expected result. */
async function meets(one: Case, type?: Type): Promise<void> {
  const { file = '', faults = [], repeat = 1, why } = one;
  const types = type ? [type] : one.only;
  const wanted = one.expect ?? {};
  // Otherwise the faults of this case would also apply to mail of an earlier case or try, and would count that mail as a hit.
  await cases.settle();
  for (const broken of new Set(faults.map(({ provider }) => provider)))
    await cases.stack.breakProvider(
      KEYS[broken],
      faults.filter(({ provider }) => provider === broken).map(({ fault }) => fault),
    );
  const options = wanted.anyOf ?? [wanted];
  for (let time = 0; time < repeat; time += 1) {
    // If the case is sent only once and the test chooses no provider, the file is sent byte for byte. Otherwise its JSON is
    // parsed and changed.
    const send = async () =>
      types || repeat > 1
        ? await cases.send({ ...JSON.parse(read(file)), ...(types && only(types)) })
        : await cases.sendBody(read(file));
    const ending = await cases.ending(await send());
    // A new sender process skips a provider if it has not read the provider's secret in time. The case was then not tested, so
    // it starts again.
    const isPassedOver = (types ?? []).some(
      (first) =>
        faults.some(({ provider }) => provider === first) &&
        !untried(options, first) &&
        !ending.called.includes(KEYS[first]),
    );
    if (isPassedOver) return meets(one, type);
    const failures: unknown[] = [];
    for (const option of options) {
      try {
        holds(option, ending);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === options.length)
      throw new Error(`${why}\n${String(failures.at(-1))}\n${JSON.stringify({ ...ending, taken: undefined })}`);
  }
  for (const [name, range] of Object.entries(wanted.hits ?? {})) {
    const [least, most] = [range].flat() as [number, number?];
    const [provider] = name.split(':') as [Type];
    const own = faults.filter((fault) => fault.provider === provider);
    const place = own.findIndex((fault) => fault.name === name);
    const hits = await cases.hits(provider, place === -1 ? undefined : place);
    expect(hits, why).toBeGreaterThanOrEqual(least);
    expect(hits, why).toBeLessThanOrEqual(most ?? least);
  }
  for (const [provider, state] of Object.entries(wanted.circuit ?? {}))
    expect(await cases.circuit(provider as Type), why).toBe(state);
}

function untried(options: readonly Expectation[], type: Type): boolean {
  return options.some((option) => option.untried?.includes(type));
}

function holds(wanted: Expectation, { end, reason, detail, done, called, taken }: Ending): void {
  if (wanted.end) expect(wanted.end).toContain(end);
  if (wanted.reason && end === 'dead') expect(reason).toBe(wanted.reason);
  if (wanted.detail) expect(detail).toMatch(new RegExp(wanted.detail, 'i'));
  if (wanted.done) expect(done).toEqual(wanted.done);
  const served = taken.flatMap(({ envelope }) => envelope.to);
  expect(new Set(served).size).toBe(served.length);
  if (wanted.served) {
    const sure = served.filter((address) => !wanted.mayServe?.includes(address));
    expect(sure.toSorted()).toEqual(wanted.served.toSorted());
  }
  if (wanted.by)
    for (const { provider } of taken) expect(wanted.by.map((type): string => KEYS[type])).toContain(provider);
  for (const type of wanted.untried ?? []) expect(called).not.toContain(KEYS[type]);
  for (const { headers, attachments, rawBase64 } of taken) {
    for (const [name, rule] of Object.entries(wanted.headers ?? {})) {
      const values = headers.filter(([other]) => other.toLowerCase() === name.toLowerCase());
      expect(values).toHaveLength(1);
      follows(rule, values[0]?.[1] ?? '');
    }
    if (wanted.attachments)
      expect(attachments.map(({ filename, size }) => ({ filename, size }))).toEqual(wanted.attachments);
    if (wanted.maxEncodedLine) {
      const [block = ''] = Buffer.from(rawBase64, 'base64').toString('latin1').split('\r\n\r\n', 1);
      const lines = block.split('\r\n').filter((line) => /=\?[^?]+\?[bq]\?/i.test(line));
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(wanted.maxEncodedLine);
    }
  }
}

function follows(rule: Rule, value: string): void {
  if (rule.ids) expect([value.match(/<[^>]*>/g), value.replace(/<[^>]*>/g, '').trim()]).toEqual([rule.ids, '']);
  if (rule.value) expect(value.replace(/\s+/g, ' ')).toBe(rule.value);
  if (rule.contains) expect(value.replace(/\s+/g, ' ')).toContain(rule.contains);
  if (rule.decoded) expect(decodeWords(value)).toBe(rule.decoded);
}
