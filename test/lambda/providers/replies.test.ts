import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { providerHealth } from '../../../lambda/circuit/provider-health.ts';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import type { Fact } from '../../../lambda/providers/fact.ts';
import { classify as classifyMailgun } from '../../../lambda/providers/mailgun/classify.ts';
import { classify as classifyPostmark } from '../../../lambda/providers/postmark/classify.ts';
import { definitions } from '../../../lambda/providers/registry.ts';
import { classify as classifySes } from '../../../lambda/providers/ses/classify.ts';
import { classifyFailure, classifyReply } from '../../../lambda/providers/smtp/classify.ts';
import type { SmtpStage } from '../../../lambda/providers/smtp/facts.ts';
import { MAILGUN_ANSWERS, POSTMARK_ANSWERS, SES_ANSWERS, SMTP_ANSWERS } from './answers.ts';
import { meaningOf } from './outcome-words.ts';
import { trace } from './trace.ts';

/** A provider's answer to one message, quoted from public reports, with the correct outcomes for this answer. */
interface Reply {
  readonly id: string;
  readonly provider: 'ses' | 'smtp';
  readonly stage?: SmtpStage;
  readonly reply?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly message: string };
  readonly right: readonly { readonly kind?: string; readonly blames?: string }[];
  readonly reasonNot?: readonly string[];
  /** Whether one such answer is enough to open the circuit breaker. */
  readonly opens?: true;
  readonly why: string;
  readonly source: string;
}

const file = new URL('../../fixtures/outbound/replies.json', import.meta.url);
const replies: readonly Reply[] = JSON.parse(readFileSync(file, 'utf8'));

describe('answers in public reports', () => {
  it.each(replies.map((reply) => [reply.id, reply] as const))('%s', (_, reply) => {
    const outcome = read(reply);

    const fits = reply.right.some(({ kind = outcome.kind, blames }) => {
      return kind === outcome.kind && (blames === undefined || ('blames' in outcome && outcome.blames === blames));
    });
    expect(fits, `${JSON.stringify(outcome)}: ${reply.why}`).toBe(true);
    for (const wrong of reply.reasonNot ?? []) expect(outcome).not.toHaveProperty('reason', wrong);
    if (reply.opens) expect(providerHealth([outcome]).kind).toBe('account-refused');
  });
});

describe('an answer at its stage of SMTP', () => {
  it.each(SMTP_ANSWERS.flatMap(([meaning, list]) => list.map(([stage, reply]) => [stage, reply, meaning] as const)))(
    'at %s: %s is %s',
    (stage, reply, meaning) => expect(meaningOf(smtp(stage, reply))).toBe(meaning),
  );
});

/** Every table with answers of every provider type, with the name of the table. */
const TABLES = await Promise.all(
  Object.keys(definitions).map(async (type) =>
    Object.entries((await import(`../../../lambda/providers/${type}/facts.ts`)) as Record<string, readonly Fact[]>),
  ),
);

describe('every row of the tables', () => {
  it.each(TABLES.flat())('%s has a reason, and a source with the date of reading', (_, table) => {
    expect(table.length).toBeGreaterThan(5);
    for (const { means, source } of table) {
      expect(means).toMatchObject({ reason: expect.stringMatching(/^[a-z0-9-]+$/) });
      expect(source).toEqual({ from: expect.stringMatching(/\S/), date: expect.stringMatching(/^2026-\d\d-\d\d$/) });
    }
  });
});

describe('an answer over HTTP', () => {
  it.each(SES_ANSWERS)('of SES, %s %s: %s is %s', (status, name, said, meaning) => {
    expect(meaningOf(classifySes({ trace: trace(status), name, words: said }))).toBe(meaning);
  });

  it.each(MAILGUN_ANSWERS)('of Mailgun, %s: %s is %s', (status, said, meaning) => {
    expect(meaningOf(classifyMailgun({ trace: trace(status), words: said }))).toBe(meaning);
  });

  it.each(POSTMARK_ANSWERS)('of Postmark, %s with code %s: %s is %s', (status, code, said, meaning) => {
    const error = Object.assign(new Error(said), { code });
    expect(meaningOf(classifyPostmark({ error, trace: trace(status) }))).toBe(meaning);
  });
});

function read({ provider, stage = 'end', reply = '', status = 400, headers = {}, body }: Reply): Outcome {
  if (provider === 'smtp') return smtp(stage, reply);
  return classifySes({
    trace: trace(status, { headers: { ...headers } }),
    name: headers['x-amzn-errortype'] ?? '',
    words: body?.message ?? '',
  });
}

function smtp(stage: SmtpStage, reply: string): Outcome {
  return stage === 'end'
    ? classifyFailure({ response: reply }, { began: true, written: true })
    : classifyReply(stage, reply);
}
