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
   * Dimensions of each value. Keys of providers and words of a closed list only: each combination is billed as a metric.
   */
  readonly by: readonly ('provider' | 'outcome' | 'class')[];
  /** Names of its values, for a gauge that is no number. */
  readonly states?: Readonly<Record<string, number>>;
  /** All outcomes, for metrics with that dimension. */
  readonly outcomes?: readonly string[];
  /** The metric exists only for providers whose definition has this gauge. */
  readonly gauge?: true;
  /** The metric exists only for providers that receive mail. */
  readonly receiving?: true;
  /** The metric exists only for providers with this option. */
  readonly needs?: 'canary' | 'blocklists' | 'events';
  /**
   * Whether it is measured where `monitoring.size` is `small`, and with which outcomes; `only` is measured nowhere else.
   * @default - not measured there
   */
  readonly small?: true | 'only' | readonly string[];
  /** Written once a day: CloudWatch bills a series for the hours in which it gets values. */
  readonly daily?: true;
  /** The metric exists only in deployments with links to unsubscribe. */
  readonly needsUnsubscribe?: true;
  /** The metric exists only for receiving providers with canaries. */
  readonly needsInboundCanary?: true;
}

/** Amount of monitoring: all of it, or what every page and one ticket for each provider need. */
export const MONITORING_SIZES = ['full', 'small'] as const;
export type MonitoringSize = (typeof MONITORING_SIZES)[number];

const metric = <const T extends MetricDefinition>(definition: T) => definition;

/** Largest number of classes with an expiry that are measured: each is its own series. */
export const MOST_WATCHED_CLASSES = 10;

/** Values of the gauge `CircuitState`. `halfOpen`: the next message probes the provider; `open` and above: it gets none. */
export const CIRCUIT_STATE = { closed: 0, halfOpen: 1, open: 2, isolated: 3 } as const;

/** Every metric that a function writes and an alarm or the dashboard may use. */
export const METRICS = {
  /** Attempts by outcome, before failover is decided. */
  Attempts: metric({ unit: 'Count', by: ['provider', 'outcome'], outcomes: ATTEMPT_OUTCOMES, small: ['accepted'] }),
  /**
   * All faults of a provider in one number: failed attempts, lost answers, messages skipped because of its open circuit,
   * contradictions.
   */
  Faults: metric({ unit: 'Count', by: ['provider'], small: 'only' }),
  /**
   * Time from the call of the provider to its acceptance. Accepted attempts only: immediate refusals and hanging calls
   * would hide how fast mail is accepted.
   */
  AttemptLatency: metric({ unit: 'Milliseconds', by: ['provider', 'outcome'], outcomes: ['accepted'] }),
  /** Messages accepted by this provider after another one did not. */
  TookOver: metric({ unit: 'Count', by: ['provider'] }),
  /** Messages that were not offered to this provider, by {@link SKIP_OUTCOMES}. */
  Skipped: metric({ unit: 'Count', by: ['provider', 'outcome'], outcomes: SKIP_OUTCOMES }),
  /** Messages that another provider accepted after this provider called them bad. */
  Contradictions: metric({ unit: 'Count', by: ['provider'] }),
  /** Attempts refused in words that the provider's table does not contain. */
  UnrecognisedAnswers: metric({ unit: 'Count', by: ['provider'] }),
  /** Messages accepted after another provider had failed, had refused them, or was skipped as failing. */
  FailedOver: metric({ unit: 'Count', by: [] }),
  /** Messages accepted although this provider may have accepted them before, by {@link DUPLICATE_OUTCOMES}. */
  PossibleDuplicate: metric({ unit: 'Count', by: ['provider', 'outcome'], outcomes: DUPLICATE_OUTCOMES }),
  /** Providers skipped because they cannot carry the message by their published limits. */
  SkippedUnable: metric({ unit: 'Count', by: [] }),
  /** Tags and metadata of accepted messages that exceed the provider's limits, and so are missing in its events. */
  MetadataDropped: metric({ unit: 'Count', by: [] }),
  /** Time from when the producer sent a submission to acceptance; one value for each accepted submission. */
  Delay: metric({ unit: 'Seconds', by: [], small: true }),
  /**
   * Time since the producer sent a submission of a class with an expiry, each time that the sender works on it and when
   * it is accepted; at most {@link MOST_WATCHED_CLASSES} classes.
   */
  ClassWait: metric({ unit: 'Seconds', by: ['class'] }),
  /** Age of a submission when it is sent to a retry queue. */
  RetryAge: metric({ unit: 'Seconds', by: [], small: true }),
  /**
   * Number of invocations for a message, as a share of the most that the waits of its age explain; each time that it is
   * sent to a retry queue. From 1 on it circulates faster than any wait explains.
   */
  InvocationsPerMail: metric({ unit: 'None', by: [] }),
  /** Messages sent to the dead-letter queue, by who has to act: {@link DEAD_LETTER_OUTCOME}. */
  DeadLettered: metric({ unit: 'Count', by: ['outcome'], outcomes: DEAD_LETTER_OUTCOMES }),
  /** Each day: all submissions of the last 30 days by {@link STANDINGS}, each once. */
  Submissions: metric({ unit: 'Count', by: ['outcome'], outcomes: STANDINGS, daily: true, small: ['lost'] }),
  /** Failed calls of our own services that delayed a message, by {@link OWN_SERVICES}. */
  OwnTrouble: metric({ unit: 'Count', by: ['outcome'], outcomes: OWN_SERVICES }),

  /** Reads of secrets that failed because of Secrets Manager or the connection to it; not the fault of an account. */
  SecretsUnreachable: metric({ unit: 'Count', by: [] }),
  /** Uses of the proofs' key while it is missing, forbidden or malformed: messages are sent without a proof. */
  ProofKeyUnusable: metric({ unit: 'Count', by: [] }),
  /** Calls of providers that failed because of the credentials or the clock of one process; not the fault of an account. */
  CredentialsRefused: metric({ unit: 'Count', by: [] }),

  /**
   * Each minute. 1: the account may send. 0: the provider says that it may not, or refuses our credentials, in the health
   * check or in an attempt that opened its circuit. No value without an answer: that is an outage and says nothing about
   * the account.
   */
  AccountHealthy: metric({ unit: 'None', by: ['provider'], small: true }),
  /** {@link CIRCUIT_STATE}, each minute. */
  CircuitState: metric({ unit: 'None', by: ['provider'], states: CIRCUIT_STATE, small: true }),
  /**
   * Each minute: by what factor the share of recipients whose mailbox the provider refuses exceeds the usual one; 0 while
   * they are few.
   */
  SuppressionRise: metric({ unit: 'None', by: ['provider'] }),
  /** Each minute. 1: producers sent steadily for two hours, and nothing in the last half hour. */
  ProducersSilent: metric({ unit: 'None', by: [], states: { no: 0, yes: 1 } }),
  /** Messages on retry queues of providers that were removed from the list, each minute. */
  RemovedQueueMail: metric({ unit: 'Count', by: [] }),
  /**
   * Recipients that all others may have in a day without the provider that is hardest to replace, as a share of the day with the most recipients of the last week; no
   * value while no limit is known.
   */
  SpareCapacity: metric({ unit: 'None', by: [] }),
  /** Time since the provider last accepted mail or our credentials, whichever is later. */
  CredentialAge: metric({ unit: 'Seconds', by: ['provider'] }),
  /** Each minute. 1: the provider reviews the account, because of bounces, complaints or spam traps; it may still send. */
  UnderReview: metric({ unit: 'None', by: ['provider'], gauge: true, states: { no: 0, yes: 1 } }),
  /** Part of the provider's quota that is left, from 0 to 1; for providers that report it. */
  QuotaHeadroom: metric({ unit: 'None', by: ['provider'], gauge: true }),
  /**
   * Time since the newest canary that returned was sent, or since the first one was; for providers with canaries, each
   * minute.
   */
  CanaryAge: metric({ unit: 'Seconds', by: ['provider'], needs: 'canary' }),
  /** The same age for canaries to a subdomain whose only MX is the provider. */
  MxCanaryAge: metric({ unit: 'Seconds', by: ['provider'], receiving: true, needsInboundCanary: true }),
  /** Listings of own sending addresses in DNS blocklists, each half hour; no value while no list answers. */
  Blocklisted: metric({ unit: 'None', by: ['provider'], needs: 'blocklists' }),
  /** Number of active operator switches, each minute. */
  OperatorSwitch: metric({ unit: 'Count', by: [] }),

  /** Requests with received mail, by outcome; {@link INBOUND_OUTCOMES}. */
  InboundRequests: metric({
    unit: 'Count',
    by: ['provider', 'outcome'],
    outcomes: INBOUND_OUTCOMES,
    receiving: true,
    small: ['refused', 'replayed'],
  }),
  /** Requests to the path of a provider that is not configured, whatever its name. */
  InboundUnknownKey: metric({ unit: 'Count', by: [], receiving: true }),
  /** Time from when the provider accepted a mail until it was on the inbound queue. */
  InboundAge: metric({ unit: 'Seconds', by: ['provider'], receiving: true }),
  /** Received mail of which a part is only in its raw form: too large to be posted, or unreadable. */
  InboundIncomplete: metric({ unit: 'Count', by: ['provider'], receiving: true }),
  /** Received mail whose Message-ID another mail to the same recipient had before; it was delivered. */
  InboundIdReused: metric({ unit: 'Count', by: ['provider'], receiving: true }),
  /** Runs of the reconciler and what they found; {@link RECONCILED_OUTCOMES}. */
  InboundReconciled: metric({
    unit: 'Count',
    by: ['provider', 'outcome'],
    outcomes: RECONCILED_OUTCOMES,
    receiving: true,
  }),

  /** Requests with delivery events, by outcome; {@link EVENT_REQUEST_OUTCOMES}. */
  EventRequests: metric({
    unit: 'Count',
    by: ['provider', 'outcome'],
    outcomes: EVENT_REQUEST_OUTCOMES,
    needs: 'events',
    small: ['failed'],
  }),
  /** Requests to links to unsubscribe that failed because of our own services. */
  UnsubscribeFailures: metric({ unit: 'Count', by: [], needsUnsubscribe: true }),
  /** Classes that are paused since their rate is above its limit, each minute. */
  PausedClasses: metric({ unit: 'Count', by: [], needs: 'events', small: true }),
  /** Rounds after which recipients still wait, because of their class; {@link HELD_OUTCOMES}. */
  HeldBack: metric({ unit: 'Count', by: ['outcome'], outcomes: HELD_OUTCOMES, needs: 'events' }),
  /** Hard bounces and complaints, by events or on the provider's own list, that suppress no address since they are in doubt. */
  SuppressionsWithheld: metric({ unit: 'Count', by: ['provider'], needs: 'events' }),
  /** Daily runs over the provider's own list. */
  SuppressionMirrored: metric({
    unit: 'Count',
    by: ['provider', 'outcome'],
    outcomes: MIRROR_OUTCOMES,
    needs: 'events',
  }),
  /** New delivery events, by {@link COUNTED_EVENTS}. */
  DeliveryEvents: metric({ unit: 'Count', by: ['provider', 'outcome'], outcomes: COUNTED_EVENTS, needs: 'events' }),
  /** Recipients whose mail was accepted a second time, by delivery events; {@link SENT_TWICE_OUTCOMES}. */
  SentTwice: metric({ unit: 'Count', by: ['outcome'], outcomes: SENT_TWICE_OUTCOMES, needs: 'events' }),
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

/** Outcomes of a metric that are measured at this size; undefined if it is not measured at all. */
export function measuredAt(size: MonitoringSize, name: MetricName): readonly (string | undefined)[] | undefined {
  const { small, outcomes: all }: MetricDefinition = METRICS[name];
  const outcomes = all ?? [undefined];
  if (size === 'full') return small === 'only' ? undefined : outcomes;
  if (small === undefined) return undefined;
  return typeof small === 'object' ? small : outcomes;
}

/** Whether a value of a metric is measured at this size. */
export function isMeasured(size: MonitoringSize, name: MetricName, outcome: string | undefined): boolean {
  const { small }: MetricDefinition = METRICS[name];
  if (size === 'full') return small !== 'only';
  return typeof small === 'object' ? outcome !== undefined && small.includes(outcome) : small !== undefined;
}
