import type { SQSRecord } from 'aws-lambda';
import { createGate } from '../../../lambda/circuit/gate.ts';
import type { SenderEnvironment } from '../../../lambda/contract/environment.ts';
import { isMeasured, METRICS, type MonitoringSize } from '../../../lambda/contract/metrics.ts';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { capacityGauge } from '../../../lambda/health/capacity.ts';
import { checkHealth } from '../../../lambda/health/check.ts';
import type { AttemptResult } from '../../../lambda/mail/outcome.ts';
import { defined } from '../../../lambda/platform/defined.ts';
import type { Metrics } from '../../../lambda/platform/metrics.ts';
import { queueProofs } from '../../../lambda/platform/proof.ts';
import type { Health, LookupAnswer } from '../../../lambda/providers/provider.ts';
import { definitions } from '../../../lambda/providers/registry.ts';
import type { NotCalled } from '../../../lambda/sender/call.ts';
import { createSender } from '../../../lambda/sender/sender.ts';
import { compileAlarms, type Statuses } from '../../../local/cloudwatch/alarms/evaluate.ts';
import { MetricStore } from '../../../local/cloudwatch/metrics/store.ts';
import type { DeployedAlarm } from '../../../local/template/alarms.ts';
import { manualClock, settled } from '../../support/manual-clock.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { sqsRecord } from '../../support/sqs-record.ts';
import { givenFaults, type ProviderFault, type ServiceFault } from './faults.ts';

const MINUTE = 60_000;

/** Alarms of the template, and the names of its queues and functions in the metrics of AWS. */
export interface Deployed {
  readonly alarms: readonly DeployedAlarm[];
  readonly queues: readonly string[];
  readonly functions: readonly string[];
}

export interface Outage {
  readonly providers: readonly ProviderConfig[];
  /** Faults of the providers; providers with a fault are tried first, as if they were at the head of the list. */
  readonly faulty?: readonly ProviderFault[];
  /** Faults of AWS services and of producers. */
  readonly own?: readonly ServiceFault[];
  /**
   * Time between two mails. A function gets the time since the first mail, and returns the time between two mails. Absent: no
   * mail is sent.
   */
  readonly everyMs?: number | ((sinceMs: number) => number);
  /**
   * Duration of the healthy time before the outage, in minutes.
   * @default 6
   */
  readonly before?: number;
  /**
   * All mail is of this class of mail, which expires after this number of seconds. After the start of the outage, each mail has
   * already waited `waitedMs` on the outbound queue.
   */
  readonly classMail?: { readonly class: string; readonly expiresAfterSeconds: number; readonly waitedMs: number };
  /** Longest wait on a retry queue. With a very short wait, the test simulates a defect of Mailover. */
  readonly longestDelayMs?: number;
  /** Duration of the outage, and of the observation after the repair, both in minutes. */
  readonly minutes: number;
  readonly recovery: number;
  /** Size of the monitoring: option `monitoring.size`. */
  readonly size?: MonitoringSize;
}

/** Result of an outage. */
export interface Seen {
  /** Names of the alarms raised at any time during the outage. */
  readonly raised: readonly string[];
  /** Alarms that are still raised at the end of the recovery. */
  readonly afterwards: readonly string[];
  readonly sent: number;
  /** Number of submissions that no provider has accepted by the end of the recovery. */
  readonly lost: number;
  /** For each provider, the number of attempts that the fault affected. */
  readonly affected: ReadonlyMap<string, number>;
  /** Number of messages on each queue at the end of the outage. */
  readonly waiting: ReadonlyMap<string, number>;
}

/**
 * Runs the real sender, circuit breakers and health check on a simulated clock: first a time without faults, then an outage, then
 * the time after the repair. Each minute, evaluates the alarms of the synthesised template on the metrics that were written.
 */
export async function liveThrough(outage: Outage, deployed: Deployed): Promise<Seen> {
  // The modules that the first mail needs are loaded before the simulation, since loading takes real time.
  await Promise.all([import('../../../lambda/contract/submission.ts'), import('nodemailer/lib/mail-composer')]);
  const world = createWorld(outage, deployed);
  await world.pass(outage.before ?? 6);
  const before = world.raised();
  if (before.length > 0) throw new Error(`raised before anything broke: ${before.join(', ')}`);
  world.beginFaults();
  await world.pass(outage.minutes);
  const raised = world.raised();
  const waiting = new Map(world.counts().waiting);
  world.repair();
  // After 30 minutes no more mail is sent. The rest of the recovery is observed without mail.
  await world.pass(Math.min(30, outage.recovery));
  world.stopProducers();
  await world.pass(Math.max(0, outage.recovery - 30));
  const { sent, lost } = world.counts();
  return { raised, afterwards: world.stillRaised(), sent, lost, affected: world.affected(), waiting };
}

function createWorld(
  { providers, faulty = [], own = [], everyMs, longestDelayMs = Infinity, size = 'full', classMail }: Outage,
  { alarms, queues, functions }: Deployed,
) {
  // The clock starts at a whole minute, so that metrics and evaluations of alarms have the same periods.
  const clock = manualClock(Math.ceil(1_800_000_000_000 / MINUTE) * MINUTE, composed);
  const store = new MetricStore();
  const table = memoryTable();
  const random = givenRandom();
  const log = { info() {}, warn() {}, error() {} };
  const compiled = compileAlarms(alarms);
  const faults = givenFaults(faulty, own, clock);
  const broken = [...new Set(faulty.flatMap(({ keys }) => keys))];
  const waiting = new Map<string, number>();
  const wait = (queue: string, change: 1 | -1) => void waiting.set(queue, (waiting.get(queue) ?? 0) + change);
  const taken = new Set<string>();
  const raised = new Set<string>();
  let statuses: Statuses = new Map();
  const begunAt = clock.now();
  let sent = 0;
  let haveBegun = false;
  let dueAt = begunAt;
  table.trouble = () => {
    if (faults.down('table')) throw new Error('the table does not answer');
  };

  const metrics: Metrics = {
    add: (name, value, given = {}) => {
      if (!isMeasured(size, name, given.outcome)) return;
      const dimensions = Object.fromEntries(METRICS[name].by.map((by) => [by, given[by] ?? 'none']));
      store.add({ metric: { namespace: 'Mailover', name, dimensions }, at: clock.now(), values: [value] });
    },
  };
  const environment: SenderEnvironment = {
    providers,
    outboundQueueArn: 'arn:aws:sqs:us-east-1:000000000000:outbound',
    proofSecret: 'proof-key',
    deadLetterQueueUrl: 'mailover-dead-letter',
    eventsQueueUrl: 'mailover-events',
    retryQueueUrls: Object.fromEntries(providers.map(({ key }) => [key, `${RETRY}${key}`])),
    mailBucket: 'mail',
    stateTable: 'state',
    maxReceiveCount: 20,
    workers: 50,
    ...defined({
      routes: classMail && [{ class: classMail.class, expiresAfterSeconds: classMail.expiresAfterSeconds }],
    }),
  };
  const sender = createSender({
    environment,
    definitions,
    call: async (config, { message, deadlineMs, answerMs = deadlineMs }): Promise<AttemptResult | NotCalled> => {
      const { key } = config;
      const own = ownFault(config);
      if (own) return { notCalled: own };
      const breakage = faults.affecting(key, isFifth(message.id));
      const takesMs = breakage?.takesMs ?? USUAL_MS;
      await clock.sleep(takesMs === 'deadline' ? answerMs : Math.min(takesMs, answerMs));
      const outcome = breakage?.outcome ?? ACCEPTED;
      if (outcome.kind === 'accepted' || breakage?.taken) taken.add(`${key} ${message.handle}`);
      return { outcome: takesMs !== 'deadline' && takesMs > answerMs ? NO_ANSWER : outcome };
    },
    lookUp: async ({ key }, { handle, recipients }): Promise<LookupAnswer> => {
      if (faults.at(key)?.lookUpFails) return { kind: 'cannot-say', reason: 'no-answer' };
      const found = taken.has(`${key} ${handle}`) ? recipients : [];
      return { kind: 'answered', found: new Map(found.map((recipient) => [recipient, 'id'])) };
    },
    gate: createGate({ ...environment, table, clock, random, log }),
    table,
    proofs: queueProofs('proof-key', { read: async () => ({ key: 'simulated' }) }, clock, { add: () => undefined }),
    queue: {
      send: async (queue, body, attributes = {}, delaySeconds = 0) => {
        if (faults.down('queues') || faults.down('sends')) throw new Error('the queues do not answer');
        wait(queue, 1);
        if (!queue.startsWith(RETRY)) return;
        const record = sqsRecord(body, { attributes, sentAt: clock.now(), queue });
        void clock.sleep(Math.min(delaySeconds * 1000, longestDelayMs)).then(() => {
          wait(queue, -1);
          return receive(record);
        });
      },
    },
    objects: {
      read: async () => {
        if (faults.down('objects')) throw new Error('the bucket does not answer');
        return Buffer.from('%PDF-');
      },
      renew: async () => {},
    },
    log,
    metrics,
    clock,
    random,
  });
  /** Messages that cannot be received while the queues are down, in the order in which they were sent. */
  const held: SQSRecord[] = [];
  const receive = async (record: SQSRecord): Promise<void> => {
    if (faults.down('queues')) {
      held.push(record);
      return;
    }
    const begun = clock.now();
    try {
      await sender(record, () => begun + FUNCTION_MS - clock.now());
    } catch {
      // The message stays on its queue, and is received again after the visibility time-out.
      await clock.sleep(6 * FUNCTION_MS);
      const receives = String(Number(record.attributes.ApproximateReceiveCount) + 1);
      await receive({ ...record, attributes: { ...record.attributes, ApproximateReceiveCount: receives } });
    }
  };
  const submit = (): void => {
    if (faults.down('producers')) return;
    sent += 1;
    const only = [...broken, ...providers.map(({ key }) => key).filter((key) => !broken.includes(key))];
    const mail = isFifth(`mail-${sent}`)
      ? { ...MAIL, id: `mail-${sent}`, from: 'news@example.net', to: ['bo@two.example.org'], attachments: [ATTACHMENT] }
      : { ...MAIL, id: `mail-${sent}` };
    const sentAt = clock.now() - (haveBegun ? (classMail?.waitedMs ?? 0) : 0);
    void receive(sqsRecord({ ...mail, ...defined({ class: classMail?.class }), providers: { only } }, { sentAt }));
  };
  /**
   * Returns why this process cannot call a provider: the process has not read the provider's secret yet, or AWS refuses the
   * credentials of the process. Counts each such case in a metric.
   */
  const ownFault = ({ type }: ProviderConfig): string | undefined => {
    if (type !== 'ses' && faults.down('secrets')) {
      metrics.add('SecretsUnreachable', 1);
      return 'secrets-unreachable';
    }
    if (type !== 'ses' || !faults.down('credentials')) return undefined;
    metrics.add('CredentialsRefused', 1);
    return 'credentials-refused';
  };
  const askAccount = async (config: ProviderConfig): Promise<Health> => {
    const own = ownFault(config);
    if (own) return { state: 'unreachable', reason: own };
    return faults.at(config.key)?.health ?? { state: 'healthy' };
  };
  /** Writes the metrics of queues and functions that AWS itself would write. */
  const measureAws = (at: number): void => {
    const add = (namespace: string, name: string, dimensions: Record<string, string>, value: number) =>
      store.add({ metric: { namespace, name, dimensions }, at, values: [value] });
    const oldest = Math.min(...held.map(({ attributes }) => Number(attributes.SentTimestamp)), at);
    for (const QueueName of queues) {
      const isOutbound = QueueName === OUTBOUND;
      const number = isOutbound ? held.length : (waiting.get(QueueName) ?? 0);
      const delayed = QueueName.startsWith(RETRY);
      add('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName }, delayed ? 0 : number);
      add('AWS/SQS', 'ApproximateNumberOfMessagesDelayed', { QueueName }, delayed ? number : 0);
      add('AWS/SQS', 'ApproximateAgeOfOldestMessage', { QueueName }, isOutbound ? (at - oldest) / 1_000 : 0);
    }
    for (const FunctionName of functions)
      for (const [name, value] of [
        ['Invocations', 1],
        ['Errors', 0],
        ['Throttles', 0],
        ['Duration', 500],
      ] as const)
        add('AWS/Lambda', name, { FunctionName }, value);
  };

  const checked = { providers, table, metrics, log, clock, timeScale: 1 };
  const gaugeCapacity = capacityGauge(checked);
  return {
    async pass(minutes: number): Promise<void> {
      for (let minute = 0; minute < minutes; minute++) {
        const end = clock.now() + MINUTE;
        if (!faults.down('queues'))
          for (const record of held.splice(0)) {
            void receive(record);
            await composed();
            await clock.pass(2 * USUAL_MS);
          }
        while (everyMs !== undefined && dueAt < end) {
          await clock.pass(Math.max(0, dueAt - clock.now()));
          submit();
          await composed();
          dueAt += typeof everyMs === 'number' ? everyMs : everyMs(dueAt - begunAt);
        }
        await checkHealth({ ...checked, ask: askAccount, gaugeCapacity });
        measureAws(clock.now());
        await clock.pass(end - clock.now());
        statuses = compiled.evaluate(store, end, statuses);
        for (const { name, state } of statuses.values()) if (state === 'ALARM') raised.add(name);
      }
    },
    stopProducers: () => {
      dueAt = Number.POSITIVE_INFINITY;
    },
    beginFaults: () => {
      haveBegun = true;
      faults.begin();
    },
    repair: faults.end,
    affected: faults.affected,
    raised: () => [...raised].sort(),
    stillRaised: () => [...statuses.values()].filter(({ state }) => state === 'ALARM').map(({ name }) => name),
    counts: () => ({ sent, lost: sent - new Set([...taken].map((one) => one.split(' ')[1])).size, waiting }),
  };
}

const MAIL = { version: 1, from: 'shop@example.com', to: ['ada@example.org'], text: 'Hello' };
const ATTACHMENT = {
  filename: 'a.pdf',
  contentType: 'application/pdf',
  s3: { bucket: 'mail', key: 'submissions/a.pdf' },
};

/** Returns true for every fifth mail. This mail has another From domain, another recipient domain, and an attachment in the bucket. */
function isFifth(id: string): boolean {
  return Number(id.split('-')[1]) % 5 === 0;
}

const ACCEPTED = { kind: 'accepted', providerMessageId: 'id' } as const;
const NO_ANSWER = { kind: 'unknown', reason: 'no-answer' } as const;
const USUAL_MS = 80;
const FUNCTION_MS = 60_000;
/** Start of the name of each retry queue: the local stack names a queue after its CDK construct. */
const RETRY = 'mailover-retry-';
const OUTBOUND = 'mailover-outbound';

/**
 * Waits until the MIME text of a mail is composed. This composition uses streams: it takes turns of the event loop, but no
 * simulated time.
 */
async function composed(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await settled();
}

/** Returns an evenly distributed sequence in place of random numbers. */
function givenRandom(): () => number {
  let draws = 0;
  return () => (++draws * 0.618_033_988_749_895) % 1;
}
