import {
  ATTEMPT_OUTCOMES,
  COUNTED_EVENTS,
  DEAD_LETTER_OUTCOME,
  DEAD_LETTER_OUTCOMES,
  DUPLICATE_OUTCOMES,
  EVENT_REQUEST_OUTCOMES,
  HELD_OUTCOMES,
  INBOUND_OUTCOMES,
  MIRROR_OUTCOMES,
  OWN_SERVICES,
  RECONCILED_OUTCOMES,
  SENT_TWICE_OUTCOMES,
  SKIP_OUTCOMES,
  STANDINGS,
} from './metric-outcomes.ts';

export interface MetricDefinition {
  readonly unit: 'Count' | 'Milliseconds' | 'Seconds' | 'None';
  /**
   * CloudWatch dimensions of each value. Each dimension has few possible values, since AWS bills every combination of dimension
   * values as a separate metric.
   */
  readonly by: readonly ('provider' | 'outcome' | 'class')[];
  /** For a metric that shows a state: the number that stands for each state, by the name of the state. */
  readonly states?: Readonly<Record<string, number>>;
  /** All possible values of the dimension `outcome`; present only for metrics with this dimension. */
  readonly outcomes?: readonly string[];
  /** The metric exists only for providers whose provider type lists the metric in `gauges`. */
  readonly gauge?: true;
  /** The metric exists only for providers that receive mail. */
  readonly receiving?: true;
  /** The metric exists only for providers that are configured with the named option. */
  readonly needs?: 'canary' | 'blocklists' | 'events';
  /**
   * Whether the metric is measured when `monitoring.size` is `small`. `true`: with all outcomes. A list: only with the outcomes of the
   * list. `only`: the metric is measured only when the size is `small`.
   * @default - the metric is not measured when the size is `small`
   */
  readonly small?: true | 'only' | readonly string[];
  /** Values are written only once a day, since CloudWatch bills a metric by the hours in which it receives values. */
  readonly daily?: true;
  /** The metric exists only in deployments with unsubscribe links. */
  readonly needsUnsubscribe?: true;
  /** The metric exists only for providers that receive mail and to which canaries are sent. */
  readonly needsInboundCanary?: true;
}

/**
 * Amount of monitoring. `full`: all metrics. `small`: only the metrics for the alarms with the severity `page`, and for
 * the few tickets (alarms of lower severity) that exist in this size.
 */
export const MONITORING_SIZES = ['full', 'small'] as const;
export type MonitoringSize = (typeof MONITORING_SIZES)[number];

const metric = <const T extends MetricDefinition>(definition: T) => definition;

/** Largest number of classes of mail for which the metric `ClassWait` is measured: AWS bills each class as a separate metric. */
export const MOST_WATCHED_CLASSES = 10;

/**
 * Values of the metric `CircuitState`, which shows the state of a provider's circuit breaker. `halfOpen`: the next message is used as a
 * probe of the provider. `open`: the provider gets only messages for which no other provider is left. `isolated`: an operator has excluded
 * the provider, which gets no message.
 */
export const CIRCUIT_STATE = { closed: 0, halfOpen: 1, open: 2, isolated: 3 } as const;

/** All metrics that Mailover's Lambda functions write. Alarms and the dashboard use only these metrics. */
export const METRICS = {
  /** Number of attempts to send a message, by outcome. Includes failed attempts after which another provider accepted the message. */
  Attempts: metric({ unit: 'Count', by: ['provider', 'outcome'], outcomes: ATTEMPT_OUTCOMES, small: ['accepted'] }),
  /**
   * Number of all faults of a provider: failed attempts, lost answers, the times that a message skipped the provider because its circuit
   * breaker was open, and the messages that the metric `Contradictions` also counts.
   */
  Faults: metric({ unit: 'Count', by: ['provider'], small: 'only' }),
  /**
   * Time from the call of the provider until the provider accepts the message. Only accepted attempts are measured: immediate refusals
   * and hanging calls would hide how fast mail is accepted.
   */
  AttemptLatency: metric({ unit: 'Milliseconds', by: ['provider', 'outcome'], outcomes: ['accepted'] }),
  /** Number of messages that this provider accepted after another provider had not accepted them. */
  TookOver: metric({ unit: 'Count', by: ['provider'] }),
  /** Number of times that this provider was skipped for a message, for one of the reasons in {@link SKIP_OUTCOMES}. */
  Skipped: metric({ unit: 'Count', by: ['provider', 'outcome'], outcomes: SKIP_OUTCOMES }),
  /** Number of messages that another provider accepted for a recipient after this provider had refused the message or the recipient. */
  Contradictions: metric({ unit: 'Count', by: ['provider'] }),
  /** Number of attempts that were refused with an answer that Mailover's table of the provider's answers does not contain. */
  UnrecognisedAnswers: metric({ unit: 'Count', by: ['provider'] }),
  /** Number of messages that a provider accepted after another provider had failed, had refused them, or was skipped because it was failing. */
  FailedOver: metric({ unit: 'Count', by: [] }),
  /**
   * Number of messages that a provider accepted although this provider may already have accepted them in an earlier attempt, by reason;
   * see {@link DUPLICATE_OUTCOMES}.
   */
  PossibleDuplicate: metric({ unit: 'Count', by: ['provider', 'outcome'], outcomes: DUPLICATE_OUTCOMES }),
  /** Number of times that a provider was skipped because it cannot send the message, for example because of the size of the message. */
  SkippedUnable: metric({ unit: 'Count', by: [] }),
  /**
   * Number of tags and metadata values that were left out of accepted messages because the provider's limits do not allow them. The
   * delivery events of these messages also lack these values.
   */
  MetadataDropped: metric({ unit: 'Count', by: [] }),
  /** Time from when a producer sends a submission until a provider accepts it; one value for each accepted submission. */
  Delay: metric({ unit: 'Seconds', by: [], small: true }),
  /**
   * Time since the producer sent a submission, for submissions whose class of mail has an expiry. The time is measured each time that
   * the sender processes the submission, and when a provider accepts it. At most {@link MOST_WATCHED_CLASSES} classes are measured.
   */
  ClassWait: metric({ unit: 'Seconds', by: ['class'] }),
  /** Time from when a submission was first received until its message is sent to a retry queue. */
  RetryAge: metric({ unit: 'Seconds', by: [], small: true }),
  /**
   * Number of Lambda invocations in which a message was received, divided by the largest number that the age of the message explains.
   * Measured whenever the message is sent to a retry queue. A value of 1 or more shows that the message is received again and again
   * without a wait.
   */
  InvocationsPerMail: metric({ unit: 'None', by: [] }),
  /** Number of messages that Mailover sent to the dead-letter queue, by outcome; see {@link DEAD_LETTER_OUTCOME}. */
  DeadLettered: metric({ unit: 'Count', by: ['outcome'], outcomes: DEAD_LETTER_OUTCOMES }),
  /** Number of submissions of the last 30 days, by their state; see {@link STANDINGS}. Measured once a day. */
  Submissions: metric({ unit: 'Count', by: ['outcome'], outcomes: STANDINGS, daily: true, small: ['lost'] }),
  /** Number of failed calls to AWS services that delayed a message, by service; see {@link OWN_SERVICES}. */
  OwnTrouble: metric({ unit: 'Count', by: ['outcome'], outcomes: OWN_SERVICES }),

  /** Number of reads of secrets that failed because of Secrets Manager or the connection to it. The accounts at the providers are not at fault. */
  SecretsUnreachable: metric({ unit: 'Count', by: [] }),
  /**
   * Number of times that the key for signing Mailover's own queue messages was needed, but was missing, forbidden or malformed. Messages
   * are then sent unsigned.
   */
  ProofKeyUnusable: metric({ unit: 'Count', by: [] }),
  /**
   * Number of provider calls that failed because one Lambda process has wrong AWS credentials or a wrong clock. The account at the
   * provider is not at fault.
   */
  CredentialsRefused: metric({ unit: 'Count', by: [] }),

  /**
   * Whether the account at the provider may send mail, measured each minute. 1: the account may send. 0: the provider forbids sending
   * or refuses the credentials, in the health check or in an attempt that opened the circuit breaker. When the provider does not
   * answer the health check, the health check writes no value, since an outage proves nothing about the account.
   */
  AccountHealthy: metric({ unit: 'None', by: ['provider'], small: true }),
  /** State of the provider's circuit breaker, as a number from {@link CIRCUIT_STATE}; measured each minute. */
  CircuitState: metric({ unit: 'None', by: ['provider'], states: CIRCUIT_STATE, small: true }),
  /**
   * Fraction of recipients that the provider refused in the last hour, since their mailbox cannot get mail, divided by the same fraction
   * for the day before. Measured each minute. The value is 0 while the last hour has only few recipients or few refusals.
   */
  SuppressionRise: metric({ unit: 'None', by: ['provider'] }),
  /**
   * 1 if producers sent submissions steadily for two hours, and then none in the last half hour; otherwise 0. It is also 0 if they sent
   * few submissions at the same time of day yesterday or a week ago. Measured each minute.
   */
  ProducersSilent: metric({ unit: 'None', by: [], states: { no: 0, yes: 1 } }),
  /** Number of messages on the retry queues of providers that were removed from the configuration; measured each minute. */
  RemovedQueueMail: metric({ unit: 'Count', by: [] }),
  /**
   * Daily capacity of the remaining providers if the provider with the largest capacity fails, divided by the number of recipients in the
   * busiest 24 hours of the last week. The capacity is a number of recipients. No value is written while no limit of this capacity is
   * known.
   */
  SpareCapacity: metric({ unit: 'None', by: [] }),
  /** Time since the provider last accepted a mail or the credentials; if it has never accepted either, time since the first health check. */
  CredentialAge: metric({ unit: 'Seconds', by: ['provider'] }),
  /**
   * 1 while the provider reviews the account because of bounces, complaints or spam traps, but still accepts mail; otherwise 0.
   * Measured each minute.
   */
  UnderReview: metric({ unit: 'None', by: ['provider'], gauge: true, states: { no: 0, yes: 1 } }),
  /** Unused fraction of the account's sending quota, from 0 to 1; only for providers that report a quota. */
  QuotaHeadroom: metric({ unit: 'None', by: ['provider'], gauge: true }),
  /**
   * Time since the sending of the newest canary that has arrived. The time begins no earlier than the first run of the health check and
   * the end of the last isolation. Measured each minute, except during an isolation, only for providers through which canaries are sent.
   */
  CanaryAge: metric({ unit: 'Seconds', by: ['provider'], needs: 'canary' }),
  /** Like the metric `CanaryAge`, except that it is for canaries to a subdomain whose only MX is this provider. Also measured during an isolation. */
  MxCanaryAge: metric({ unit: 'Seconds', by: ['provider'], receiving: true, needsInboundCanary: true }),
  /** Number of entries for the sending IP addresses in DNS blocklists; measured each half hour. No value is written while no blocklist answers. */
  Blocklisted: metric({ unit: 'None', by: ['provider'], needs: 'blocklists' }),
  /** Number of providers that are isolated: an operator has excluded them for a time. Measured each minute. */
  OperatorSwitch: metric({ unit: 'Count', by: [] }),

  /** Number of webhook requests with received mail, by outcome; see {@link INBOUND_OUTCOMES}. */
  InboundRequests: metric({
    unit: 'Count',
    by: ['provider', 'outcome'],
    outcomes: INBOUND_OUTCOMES,
    receiving: true,
    small: ['refused', 'replayed'],
  }),
  /** Number of requests to webhook paths of providers that are not configured, for all such paths together. */
  InboundUnknownKey: metric({ unit: 'Count', by: [], receiving: true }),
  /** Time from when the provider accepted a received mail until the mail was put on the inbound queue. */
  InboundAge: metric({ unit: 'Seconds', by: ['provider'], receiving: true }),
  /**
   * Number of received mails whose message on the inbound queue lacks a part, since the part was too large to be posted or was unreadable.
   * The stored raw mail contains this part.
   */
  InboundIncomplete: metric({ unit: 'Count', by: ['provider'], receiving: true }),
  /**
   * Number of received mails that were put on the inbound queue although an earlier, different mail to the same recipient had the same
   * Message-ID.
   */
  InboundIdReused: metric({ unit: 'Count', by: ['provider'], receiving: true }),
  /** Number of runs of the reconciler, and of the missing mails that it found, by outcome; see {@link RECONCILED_OUTCOMES}. */
  InboundReconciled: metric({
    unit: 'Count',
    by: ['provider', 'outcome'],
    outcomes: RECONCILED_OUTCOMES,
    receiving: true,
  }),

  /** Number of webhook requests and queue messages with delivery events, by outcome; see {@link EVENT_REQUEST_OUTCOMES}. */
  EventRequests: metric({
    unit: 'Count',
    by: ['provider', 'outcome'],
    outcomes: EVENT_REQUEST_OUTCOMES,
    needs: 'events',
    small: ['failed'],
  }),
  /** Number of requests to unsubscribe links that failed because an AWS service, such as DynamoDB, failed. */
  UnsubscribeFailures: metric({ unit: 'Count', by: [], needsUnsubscribe: true }),
  /** Number of classes of mail that are paused because their rate of bounces or complaints exceeded its limit; measured each minute. */
  PausedClasses: metric({ unit: 'Count', by: [], needs: 'events', small: true }),
  /**
   * Number of times that the sender processed a message, and mail to some or all recipients had to wait although a provider may be
   * available; by reason, see {@link HELD_OUTCOMES}.
   */
  HeldBack: metric({ unit: 'Count', by: ['outcome'], outcomes: HELD_OUTCOMES, needs: 'events' }),
  /**
   * Number of hard bounces and complaints for which no address was put on the suppression list, since the provider reports implausibly
   * many. They come from delivery events or from the provider's own suppression list.
   */
  SuppressionsWithheld: metric({ unit: 'Count', by: ['provider'], needs: 'events' }),
  /** Number of comparisons of the provider's own suppression list with Mailover's list, by result; see {@link MIRROR_OUTCOMES}. */
  SuppressionMirrored: metric({
    unit: 'Count',
    by: ['provider', 'outcome'],
    outcomes: MIRROR_OUTCOMES,
    needs: 'events',
  }),
  /** Number of new delivery events, by type; see {@link COUNTED_EVENTS}. */
  DeliveryEvents: metric({ unit: 'Count', by: ['provider', 'outcome'], outcomes: COUNTED_EVENTS, needs: 'events' }),
  /** Number of recipients whose mail was accepted twice, as delivery events show; by outcome, see {@link SENT_TWICE_OUTCOMES}. */
  SentTwice: metric({ unit: 'Count', by: ['outcome'], outcomes: SENT_TWICE_OUTCOMES, needs: 'events' }),
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

/** Returns the outcomes of a metric that are measured at this monitoring size; undefined if the metric is not measured at this size. */
export function measuredAt(size: MonitoringSize, name: MetricName): readonly (string | undefined)[] | undefined {
  const { small, outcomes: all }: MetricDefinition = METRICS[name];
  const outcomes = all ?? [undefined];
  if (size === 'full') return small === 'only' ? undefined : outcomes;
  if (small === undefined) return undefined;
  return typeof small === 'object' ? small : outcomes;
}

/** Whether values of a metric with this outcome are measured at this monitoring size. */
export function isMeasured(size: MonitoringSize, name: MetricName, outcome: string | undefined): boolean {
  const { small }: MetricDefinition = METRICS[name];
  if (size === 'full') return small !== 'only';
  return typeof small === 'object' ? outcome !== undefined && small.includes(outcome) : small !== undefined;
}
