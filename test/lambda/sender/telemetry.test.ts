import { expect, test } from 'vitest';
import { DEAD_LETTER_REASONS } from '../../../lambda/contract/dead-letter.ts';
import { DUPLICATE_OUTCOMES, OWN_SERVICES } from '../../../lambda/contract/metric-outcomes.ts';
import { METRICS, type MetricName, measuredAt } from '../../../lambda/contract/metrics.ts';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import type { Message } from '../../../lambda/mail/message.ts';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import type { Reason } from '../../../lambda/mail/reason.ts';
import type { LogFields } from '../../../lambda/platform/log.ts';
import type { Dimensions, Metrics } from '../../../lambda/platform/metrics.ts';
import { handleOf, loggedId } from '../../../lambda/providers/reference.ts';
import {
  countedAs,
  reportAccepted,
  reportAttempt,
  reportContradiction,
  reportDeadLetter,
  reportDropped,
  reportFailover,
  reportInvocations,
  reportOwnTrouble,
  reportPossibleDuplicate,
  reportRetry,
  reportSkip,
  reportUnable,
  type TelemetryContext,
} from '../../../lambda/sender/telemetry.ts';
import { possibleSeries } from '../../../lib/costs/series.ts';
import { seeded } from '../../support/seeded.ts';

const MESSAGE = { id: 'order-1', handle: 'A'.repeat(43) };
const MAIL: Message = {
  ...MESSAGE,
  messageId: '<order-1@example.com>',
  date: new Date(0),
  from: { address: 'shop@example.com' },
  to: [{ address: 'ada@example.org', name: 'Ada' }],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: 'Your receipt',
  text: 'Hello',
  headers: [['X-Order', '1234']],
  attachments: [{ filename: 'receipt.pdf', contentType: 'application/pdf', content: Buffer.from('%PDF') }],
  metadata: {},
};
const ACCEPTED: Outcome = { kind: 'accepted', providerMessageId: 'p-1' };
const OUTAGE: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'server-error', detail: 'Oops' };

test('an attempt is counted and timed by its outcome', () => {
  const { context, added } = givenContext();

  reportAttempt(context, { message: MESSAGE, provider: 'postmark', number: 1, outcomes: [ACCEPTED], durationMs: 80 });

  expect(added()).toEqual(['Attempts postmark accepted 1', 'AttemptLatency postmark accepted 80']);
});

test('only accepted attempts are timed', () => {
  const { context, added } = givenContext();

  reportAttempt(context, { message: MESSAGE, provider: 'postmark', number: 1, outcomes: [OUTAGE], durationMs: 80 });

  expect(added()).toEqual(['Attempts postmark outage 1', 'Faults postmark 1']);
});

test('a provider that accepts a mail after another provider failed is counted', () => {
  const { context, added } = givenContext();
  const attempt = { message: MESSAGE, provider: 'mailgun', number: 2, durationMs: 80 };

  reportAttempt(context, { ...attempt, before: 'postmark', outcomes: [OUTAGE] });
  reportAttempt(context, { ...attempt, before: 'postmark', outcomes: [ACCEPTED] });
  reportAttempt(context, { ...attempt, before: 'mailgun', outcomes: [ACCEPTED] });

  expect(added().filter((line) => /Over/.test(line))).toEqual(['TookOver mailgun 1']);
});

const AS: readonly [string, readonly Outcome[]][] = [
  ['accepted', [ACCEPTED]],
  ['accepted', [ACCEPTED, { kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' }]],
  ['outage', [OUTAGE]],
  ['account', [{ kind: 'unavailable', blames: 'account', reason: 'authentication' }]],
  ['sender', [{ kind: 'unavailable', blames: 'sender', reason: 'sender-unknown' }]],
  ['message', [{ kind: 'refused', blames: 'message', reason: 'format' }]],
  ['message', [{ kind: 'unrecognised', reason: 'unrecognised' }]],
  ['recipient', [{ kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' }]],
  [
    'recipient',
    [
      { kind: 'throttled', of: 'recipient', reason: 'greylisted' },
      { kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' },
    ],
  ],
  ['deferred', [{ kind: 'throttled', of: 'recipient', reason: 'greylisted' }]],
  ['throttled', [{ kind: 'throttled', of: 'provider', reason: 'rate-limit' }]],
  ['unknown', [{ kind: 'unknown', reason: 'no-answer' }]],
];
test.each(AS)('an attempt counts as %s, as in the circuit breaker: %j', (word, outcomes) => {
  expect(countedAs(outcomes)).toBe(word);
});

test('an attempt is one line of fixed fields', () => {
  const { context, lines } = givenContext();

  reportAttempt(context, { message: MESSAGE, provider: 'postmark', number: 1, outcomes: [OUTAGE], durationMs: 80 });

  expect(lines).toEqual([
    {
      level: 'warn',
      message: 'attempt',
      submissionId: 'order-1',
      provider: 'postmark',
      attempt: 1,
      outcome: 'unavailable',
      blames: 'outage',
      reason: 'server-error',
      status: undefined,
      detail: 'Oops',
      durationMs: 80,
      providerMessageId: undefined,
    },
  ]);
});

test('the logged share of first-attempt acceptances is drawn by submission, so that a repetition gets the same result', () => {
  const { context, lines } = givenContext({ straightLogShare: 0.25 });
  const handles = Array.from({ length: 256 }, (_, byte) => Buffer.alloc(32, byte).toString('base64url'));

  for (const handle of [...handles, ...handles])
    reportAttempt(context, {
      message: { id: 'x', handle },
      provider: 'ses',
      number: 1,
      outcomes: [ACCEPTED],
      durationMs: 1,
    });

  expect(lines).toHaveLength(2 * 64);
});

test.each([
  ['a failure', 1, [OUTAGE]],
  [
    'a recipient that was refused while other recipients were accepted',
    1,
    [ACCEPTED, { kind: 'refused', blames: 'recipient', reason: 'suppressed' }],
  ],
  ['an acceptance after another attempt', 2, [ACCEPTED]],
] as const)('is always logged: %s', (_what, number, outcomes) => {
  const { context, lines } = givenContext({ straightLogShare: 0 });

  reportAttempt(context, { message: MESSAGE, provider: 'ses', number, outcomes, durationMs: 1 });

  expect(lines).toHaveLength(outcomes.length);
});

test('a contradiction logs the form of the refused message and the answer text, and nothing of the content', () => {
  const { context, lines } = givenContext();

  const [attachment] = MAIL.attachments;
  if (attachment === undefined) throw new Error('the mail has no attachment');
  const attachments = [
    attachment,
    {
      ...attachment,
      contentType: 'image/png; name="Ada; receipt=1234.png"; charset=utf-8',
      contentId: 'ada@example.org',
    },
  ];
  const calendar = { method: 'REQUEST', content: 'BEGIN:VCALENDAR' };
  const mail = { ...MAIL, attachments, calendar, tag: 'Hello', metadata: { 'customer-id': '1234' } };

  const words = 'Attachments may not be …';
  reportContradiction(context, mail, { refusedBy: 'postmark', acceptedBy: 'ses', status: '422/300', words });

  const [line] = lines;
  expect(line).toMatchObject({ message: 'contradiction', provider: 'postmark', status: '422/300', words });
  expect(JSON.parse(String(line?.['shape']))).toEqual({
    fields: [
      'attachments',
      'calendar',
      'date',
      'from',
      'handle',
      'headers',
      'id',
      'messageId',
      'metadata',
      'subject',
      'tag',
      'text',
      'to',
    ],
    headers: ['X-Order'],
    metadata: ['customer-id'],
    recipients: 1,
    sizes: { subject: 12, text: 5, tag: 5, headers: 11, metadata: 15, calendar: 15 },
    attachments: ['application/pdf 4', 'image/png; name; charset 4 inline'],
  });
  expect(JSON.stringify(lines)).not.toMatch(/Ada|ada@|Hello|Your receipt|receipt\.pdf|1234/);
});

test('an id that is an address is logged as its hash, or not at all', () => {
  const { context, lines } = givenContext();
  const message = { id: 'ada@example.org', handle: 'hash' };

  reportContradiction(context, { ...MAIL, ...message }, { refusedBy: 'postmark', acceptedBy: 'ses' });
  reportPossibleDuplicate(context, message, { provider: 'postmark', acceptedBy: 'ses', cause: 'answer-lost' });
  reportDeadLetter(context, 'Malformed', { submissionId: message.id, queueMessageId: 'q' });

  expect(loggedId(message.id)).toBe(handleOf(message.id));
  expect(JSON.stringify(lines)).not.toContain('@');
});

test('an open circuit, a wait for a probe and a rate limit are counted separately; only the open circuit is a fault of the provider', () => {
  const { context, added } = givenContext();

  for (const reason of SKIP_REASONS) reportSkip(context, 'ses', reason);

  expect(added()).toEqual([
    'Skipped ses circuit-open 1',
    'Faults ses 1',
    'Skipped ses waiting 1',
    'Skipped ses waiting 1',
    'Skipped ses no-slot 1',
  ]);
});

const SKIP_REASONS = ['open', 'quiet', 'isolated', 'probing', 'held', 'warming', 'rate', 'unready'] as const;

test('a million random events of four providers, and the gauges of their accounts, make at most 117 series', () => {
  const providers: readonly ProviderConfig[] = [
    { key: 'postmark', type: 'postmark', options: {} },
    { key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' } },
    { key: 'ses', type: 'ses', options: { identities: ['example.com'] } },
    { key: 'own-mta', type: 'smtp', options: { host: 'mta.example.com' } },
  ];
  const random = seeded(42);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const seen = new Set<string>();
  const metrics: Metrics = {
    add: (name, _value, dimensions = {}) => {
      if (measuredAt('full', name))
        seen.add([name, ...METRICS[name].by.map((dimension) => dimensions[dimension])].join(' '));
    },
  };
  const context: TelemetryContext = { metrics, log: { info() {}, warn() {}, error() {} }, straightLogShare: random() };
  const key = () => pick(providers).key;
  const outcome = (): Outcome => {
    const reason = pick<Reason>(['authentication', 'sender-refused', 'greylisted', 'content']);
    return pick<Outcome>([
      { kind: 'accepted', providerMessageId: `id-${random()}` },
      { kind: 'throttled', of: pick(['provider', 'recipient']), reason, retryAfterMs: random() },
      { kind: 'unavailable', blames: pick(['outage', 'account', 'sender']), reason },
      { kind: 'refused', blames: pick(['message', 'recipient']), reason },
      { kind: 'unrecognised', reason: 'unrecognised' },
      { kind: 'unknown', reason },
    ]);
  };
  const events: readonly (() => void)[] = [
    () => {
      const message = { id: `id-${random()}`, handle: MESSAGE.handle };
      const outcomes = Array.from({ length: 1 + Math.floor(random() * 3) }, outcome);
      reportAttempt(context, {
        message,
        provider: key(),
        before: pick([undefined, key()]),
        number: 1,
        outcomes,
        durationMs: 1,
      });
    },
    () => reportSkip(context, key(), pick(SKIP_REASONS)),
    () => reportFailover(context),
    () => reportOwnTrouble(context, pick(OWN_SERVICES)),
    () => reportUnable(context, Math.floor(random() * 4)),
    () => reportContradiction(context, MAIL, { refusedBy: key(), acceptedBy: key() }),
    () =>
      reportPossibleDuplicate(context, MESSAGE, {
        provider: key(),
        acceptedBy: key(),
        cause: pick(DUPLICATE_OUTCOMES),
      }),
    () => reportDropped(context, MESSAGE, { provider: key(), entries: Math.floor(random() * 4) }),
    () => reportAccepted(context, random() * 1e6),
    () => reportRetry(context, random() * 1e6),
    () => reportInvocations(context, random() * 2),
    () =>
      reportDeadLetter(context, pick(DEAD_LETTER_REASONS), {
        submissionId: `${random()}`,
        queueMessageId: `${random()}`,
      }),
  ];

  for (let event = 0; event < 1_000_000; event++) pick(events)();
  const possible = possibleSeries(providers).map(({ name, ...dimensions }) =>
    [name, ...Object.values(dimensions)].join(' '),
  );

  expect(possible.length).toBeLessThanOrEqual(117);
  expect([...seen].filter((series) => !possible.includes(series))).toEqual([]);
  // The random events produce all metrics except these: the metrics of the daily count function and the health function, of reads of
  // secrets and keys, and of faults of the process.
  const names = new Set(possible.filter((series) => !seen.has(series)).map((series) => series.split(' ')[0]));
  expect([...names]).toEqual([
    'Submissions',
    'SecretsUnreachable',
    'ProofKeyUnusable',
    'CredentialsRefused',
    'AccountHealthy',
    'CircuitState',
    'SuppressionRise',
    'ProducersSilent',
    'RemovedQueueMail',
    'SpareCapacity',
    'CredentialAge',
    'UnderReview',
    'QuotaHeadroom',
    'OperatorSwitch',
  ]);
}, 60_000);

function givenContext(more: Partial<TelemetryContext> = {}) {
  const values: string[] = [];
  const lines: (LogFields & { level: string; message: string })[] = [];
  const write = (level: string) => (message: string, fields: LogFields) =>
    void lines.push({ level, message, ...fields });
  const add = (name: MetricName, value: number, { provider, outcome }: Dimensions = {}) =>
    void values.push([name, provider, outcome, value].filter((part) => part !== undefined).join(' '));
  const log = { info: write('info'), warn: write('warn'), error: write('error') };
  return { context: { log, metrics: { add }, ...more } satisfies TelemetryContext, added: () => values, lines };
}
