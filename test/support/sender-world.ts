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

/**
 * For each provider, the results of its calls, in the order of the calls. If a result is a promise, the call ends when the test
 * settles the promise.
 */
export type Script = Record<string, (Outcome | AttemptResult | NotCalled | Promise<Outcome>)[]>;

/**
 * Makes a sender with simple replacements for everything that it uses. The providers answer by `script`, the queues and the state
 * table are in memory, and only the test changes the time. Calls and sent messages are recorded.
 */
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
    /** The secret that contains the key for the signatures of queue messages. undefined: the secret cannot be read. */
    proofKey: { key: 'of-today' } as Record<string, string> | undefined,
    queueDown: (_queue: string) => false,
    calls: [] as string[],
    numbers: [] as number[],
    offered: [] as (readonly string[])[],
    questions: [] as (Question & { readonly provider: string })[],
    counted: [] as string[],
    /** Lines that the sender has logged, as JSON. */
    lines: [] as string[],
    sent: [] as {
      queue: string;
      body: string;
      attributes: Readonly<Record<string, string>>;
      delay: number | undefined;
    }[],
    /** Starts a new sender with another list of providers, as a deployment does. The queues and the table stay as they are. */
    redeploy: (list: readonly ProviderConfig[]) => {
      sender = deploy(list);
    },
    send: (record: ReturnType<typeof sqsRecord>, remainingMs: () => number = () => 60_000) =>
      sender(record, remainingMs),
    /**
     * Starts a new sender with an empty memory, as in a new process. Use this after a crash: work in progress of the old sender
     * never ends.
     */
    restart: () => {
      sender = deploy(providers);
    },
    /** Returns the message that the sender put on a queue last, as the record with which SQS delivers it. */
    again: () => {
      const last = world.sent.at(-1);
      // A redrive moves a message from the dead-letter queue to the outbound queue.
      const queue = last?.queue === 'dead' ? 'outbound' : (last?.queue ?? '');
      return sqsRecord(last?.body ?? '', { attributes: last?.attributes ?? {}, sentAt: world.now, queue });
    },
    /** Returns a message of the outbound queue after a redrive. Its attributes have a valid signature of Mailover. */
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
          // Like SQS, this queue refuses a message with more than ten attributes.
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

/**
 * Replaces sleeping. Without a signal, the sleep is a pause of the sender, and ends immediately. With a signal, the sleep is a
 * deadline, and ends only when the signal aborts.
 */
function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
