import type { Gate } from '../../lambda/circuit/admission.ts';
import type { SenderEnvironment } from '../../lambda/contract/environment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { RouteConfig } from '../../lambda/contract/routes.ts';
import type { Evidence } from '../../lambda/events/evidence.ts';
import type { AttemptResult, Outcome } from '../../lambda/mail/outcome.ts';
import type { Clock } from '../../lambda/platform/clock.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { Objects } from '../../lambda/platform/object-store.ts';
import { queueProofs } from '../../lambda/platform/proof.ts';
import type { LookupAnswer, Question } from '../../lambda/providers/provider.ts';
import { definitions } from '../../lambda/providers/registry.ts';
import type { CallProvider, NotCalled } from '../../lambda/sender/call.ts';
import { createSender } from '../../lambda/sender/sender.ts';
import type { SenderContext } from '../../lambda/sender/work.ts';
import type { SubmissionRecord } from '../../lambda/submission/record.ts';
import type { Suppressions } from '../../lambda/suppression/list.ts';
import { memoryTable } from './memory-table.ts';
import { openGate } from './open-gate.ts';
import { sqsRecord } from './sqs-record.ts';

const providers: readonly ProviderConfig[] = [
  { key: 'postmark', type: 'postmark', options: {} },
  { key: 'mailgun', type: 'mailgun', options: { domain: 'example.com' } },
];
const environment: SenderEnvironment = {
  providers,
  routes: [
    { class: 'login-codes', providers: ['mailgun', 'postmark'], expiresAfterSeconds: 600, onUnknown: 'failover' },
    { class: 'payslips', providers: ['mailgun'], strict: true },
  ],
  outboundQueueArn: 'arn:aws:sqs:us-east-1:000000000000:outbound',
  proofSecret: 'proof-key',
  deadLetterQueueUrl: 'dead',
  eventsQueueUrl: 'events',
  retryQueueUrls: { postmark: 'retry-postmark', mailgun: 'retry-mailgun' },
  mailBucket: 'mail',
  stateTable: 'state',
  maxReceiveCount: 5,
  workers: 50,
};

/** Results of a provider's calls, in order; a promise settles when the test settles it. */
export type Script = Record<string, (Outcome | AttemptResult | NotCalled | Promise<Outcome>)[]>;

/** A sender with recording fakes: providers answer by script, queues and table are in memory, only the test moves time. */
export function givenWorld(
  script: Script,
  {
    objects = { read: () => Promise.resolve('missing') },
    gate = openGate,
    answers = {},
    call,
    redirectTo,
    suppressions,
    evidence,
    routes,
    deadLetterEvents,
    unsubscribeUrl,
    unsubscribeToken,
    verified,
    classes,
  }: {
    objects?: Objects;
    gate?: Gate;
    answers?: Record<string, LookupAnswer[]>;
    call?: CallProvider;
    redirectTo?: string;
    suppressions?: Pick<Suppressions, 'find'>;
    evidence?: Evidence;
    routes?: readonly RouteConfig[];
    deadLetterEvents?: boolean;
    unsubscribeUrl?: string;
    unsubscribeToken?: SenderContext['unsubscribeToken'];
    verified?: SenderContext['verified'];
    classes?: SenderContext['classes'];
  } = {},
) {
  const world = {
    now: Date.parse('2026-11-24T12:00:00Z'),
    table: memoryTable(),
    /** The secret of the proofs; undefined while it cannot be read. */
    proofKey: { key: 'of-today' } as Record<string, string> | undefined,
    queueDown: (_queue: string) => false,
    calls: [] as string[],
    numbers: [] as number[],
    offered: [] as (readonly string[])[],
    questions: [] as (Question & { readonly provider: string })[],
    counted: [] as string[],
    /** Lines of the log. */
    lines: [] as string[],
    sent: [] as {
      queue: string;
      body: string;
      attributes: Readonly<Record<string, string>>;
      delay: number | undefined;
    }[],
    /** Continues with another list of providers, as after a deployment. */
    redeploy: (list: readonly ProviderConfig[]) => {
      sender = deploy(list);
    },
    send: (record: ReturnType<typeof sqsRecord>, remainingMs: () => number = () => 60_000) =>
      sender(record, remainingMs),
    /** Continues in a new process; work of the old process never ends. */
    restart: () => {
      sender = deploy(providers);
    },
    /** The message that was sent last, as its next receiver gets it. */
    again: () => {
      const last = world.sent.at(-1);
      // A dead letter is redriven to the outbound queue.
      const queue = last?.queue === 'dead' ? 'outbound' : (last?.queue ?? '');
      return sqsRecord(last?.body ?? '', { attributes: last?.attributes ?? {}, sentAt: world.now, queue });
    },
    /** A message with attributes that Mailover wrote, as a redrive puts it on the outbound queue. */
    redriven: async (body: object, attributes: Record<string, string>) => {
      const text = JSON.stringify(body);
      return sqsRecord(text, { attributes: await proofs.prove(text, attributes), sentAt: world.now });
    },
    entry: (id = 'order-1') => world.table.items.get(`submission/${id}`) as SubmissionRecord | undefined,
  };
  const clock: Clock = { now: () => world.now, sleep: (_ms, signal) => untilAborted(signal) };
  const proofs = queueProofs(
    environment.proofSecret,
    { read: async () => world.proofKey ?? Promise.reject(new Error('no secret')) },
    clock,
    { add: () => undefined },
  );
  const line = (message: string, fields?: object) => void world.lines.push(JSON.stringify({ message, ...fields }));
  const deploy = (list: readonly ProviderConfig[]) =>
    createSender({
      environment: { ...environment, providers: list, deadLetterEvents, unsubscribeUrl, ...defined({ routes }) },
      classes,
      ...defined({ suppressions, unsubscribeToken, verified, evidence }),
      definitions,
      objects: { renew: async () => {}, ...objects },
      gate,
      table: world.table,
      proofs,
      call: async (provider, attempt) => {
        world.calls.push(provider.key);
        world.numbers.push(attempt.number);
        world.offered.push(attempt.recipients);
        if (call) return call(provider, attempt);
        const result = await script[provider.key]?.shift();
        if (!result) throw new Error(`${provider.key} was not expected to be called`);
        return 'kind' in result ? { outcome: result } : result;
      },
      lookUp: async (provider, question) => {
        world.questions.push({ ...question, provider: provider.key });
        return answers[provider.key]?.shift() ?? { kind: 'cannot-say', reason: 'not-askable' };
      },
      queue: {
        send: (queue, body, attributes = {}, delay) => {
          // As SQS does.
          if (Object.keys(attributes).length > 10) return Promise.reject(new Error('too many attributes'));
          if (world.queueDown(queue)) return Promise.reject(new Error('queue down'));
          world.sent.push({ queue, body, attributes, delay });
          return Promise.resolve();
        },
      },
      log: { info: line, warn: line, error: line },
      metrics: { add: (name, _value, { provider = '' } = {}) => world.counted.push(`${name} ${provider}`.trim()) },
      redirectTo,
      clock,
      random: () => 0,
    });
  let sender = deploy(providers);
  return world;
}

/** A pause without a signal ends at once; a deadline never does. */
function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
