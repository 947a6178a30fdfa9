import type { DeadLetterReason } from './dead-letter.ts';
import type { ProviderType } from './providers.ts';

/** CloudWatch namespace of everything that Mailover measures itself. */
export const NAMESPACE = 'Mailover';

/** What is known of a metric before anything is measured. */
export interface MetricDefinition {
  readonly unit: 'Count' | 'Milliseconds' | 'Seconds' | 'None';
  /** Dimensions that each value has. Keys of providers and words of a closed list only: each combination is billed as a metric. */
  readonly by: readonly ('provider' | 'outcome' | 'class')[];
  /** The closed list of outcomes, of metrics that have them. */
  readonly outcomes?: readonly string[];
  /**
   * Types of provider that it is known of.
   * @default - all
   */
  readonly types?: readonly ProviderType[];
  /** Only providers that receive mail have it, and only where there is one. */
  readonly receiving?: true;
  /** Only providers that have this in their configuration have it. */
  readonly needs?: 'canary' | 'blocklists';
  /**
   * Whether it is measured where `monitoring.size` is `small`, and with which outcomes; `only` is measured nowhere else.
   * @default - not measured there
   */
  readonly small?: true | 'only' | readonly string[];
  /** Only providers with canaries of their way in have it. */
  readonly needsInboundCanary?: true;
}

/** How much is watched: all of it, or what every page and one ticket for each provider need. */
export const MONITORING_SIZES = ['full', 'small'] as const;
export type MonitoringSize = (typeof MONITORING_SIZES)[number];

/** The environment variable that tells a function of another size than `full`. */
const SIZE_VARIABLE = 'MAILOVER_MONITORING_SIZE';

const metric = <const T extends MetricDefinition>(definition: T) => definition;

/**
 * What an attempt is counted as: the kind of its outcome, and what it blames.
 *
 * deferred: one recipient's own trouble that passes, such as a full mailbox. sender: a From address that the provider does not
 * know. outage, account and unknown count against the provider.
 */
export const ATTEMPT_OUTCOMES = [
  'accepted',
  'throttled',
  'deferred',
  'outage',
  'account',
  'sender',
  'message',
  'recipient',
  'unknown',
] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/**
 * Why a mail was not offered to a provider.
 *
 * circuit-open: the provider failed, and nothing is sent there for a while. waiting: another mail is finding out whether it
 * answers, or has just found out that it does not; a slow provider is no failing one. no-slot: its rate is used up.
 */
export const SKIP_OUTCOMES = ['circuit-open', 'waiting', 'no-slot'] as const;
export type SkipOutcome = (typeof SKIP_OUTCOMES)[number];

/** Which of our own services failed while mail was on its way. */
export const OWN_SERVICES = ['table', 'objects', 'queues'] as const;
export type OwnService = (typeof OWN_SERVICES)[number];

/** Why a provider may have taken a mail that another one took later: its answer was lost, or said that it failed with the mail in its hands. */
export const DUPLICATE_OUTCOMES = ['answer-lost', 'server-error'] as const;

/**
 * What a dead letter is counted as: who has to act, not which of the reasons it is.
 *
 * The reason itself stands on the message and in the log; a metric for each would cost more than it tells.
 */
export const DEAD_LETTER_OUTCOME = {
  Malformed: 'producer',
  TooLarge: 'producer',
  MissingObject: 'producer',
  IdConflict: 'producer',
  Expired: 'late',
  Exhausted: 'late',
  Refused: 'refused',
  Unknown: 'unknown',
  Crashed: 'crashed',
} as const satisfies Record<DeadLetterReason, string>;

const DEAD_LETTER_OUTCOMES = [...new Set(Object.values(DEAD_LETTER_OUTCOME))];

/** Classes with an expiry: each is a series of its own. */
export const MOST_WATCHED_CLASSES = 10;

/** Values of the gauge `CircuitState`. `halfOpen`: the next mail tries the provider out; from `open` on it gets none. */
export const CIRCUIT_STATE = { closed: 0, halfOpen: 1, open: 2, isolated: 3 } as const;

/**
 * What becomes of a request with received mail.
 *
 * delivered: on the inbound queue. duplicate: it was there before. canary: mail of our own that came back, for nobody to read. refused: not from the provider, by signature, password,
 * age or address. replayed: a token that was used with other content. unreadable: genuine, but no mail; kept in the
 * bucket. misdirected: an event. unknown-path: nothing receives there. failed: our own trouble; the provider tries again.
 */
export const INBOUND_OUTCOMES = [
  'delivered',
  'duplicate',
  'canary',
  'refused',
  'replayed',
  'unreadable',
  'misdirected',
  'unknown-path',
  'failed',
] as const;
export type InboundOutcome = (typeof INBOUND_OUTCOMES)[number];

/**
 * What the reconciler counts. looked: a run that saw everything. behind: one that has to go on the next time. failed: the
 * provider could not be asked. skipped: a run that passed over mail too old to be had. recovered: mail that had not
 * arrived, and is on the queue now. asked: mail that the provider posts again. notice: mail of which the queue has only
 * what is known.
 */
const RECONCILED_OUTCOMES = ['looked', 'behind', 'failed', 'skipped', 'recovered', 'asked', 'notice'] as const;

/** Every metric that a function emits and an alarm or the dashboard may name. */
export const METRICS = {
  /** One for each attempt, by what it came to, before failover is decided. */
  Attempts: metric({ unit: 'Count', by: ['provider', 'outcome'], outcomes: ATTEMPT_OUTCOMES, small: ['accepted'] }),
  /** Everything that speaks against a provider, in one number: failed attempts, lost answers, mail kept away by its open circuit, contradictions. */
  Faults: metric({ unit: 'Count', by: ['provider'], small: 'only' }),
  /** From call to acceptance. Of accepted attempts only: a refusal that comes at once, or a hanging call, would hide how fast mail is taken. */
  AttemptLatency: metric({ unit: 'Milliseconds', by: ['provider', 'outcome'], outcomes: ['accepted'] }),
  /** Mail that came to this provider from another one and was accepted. */
  TookOver: metric({ unit: 'Count', by: ['provider'] }),
  /** Mail that was not offered to this provider, by {@link SKIP_OUTCOMES}. */
  Skipped: metric({ unit: 'Count', by: ['provider', 'outcome'], outcomes: SKIP_OUTCOMES }),
  /** Another provider accepted what this one called a bad message. */
  Contradictions: metric({ unit: 'Count', by: ['provider'] }),
  /** Attempts that were refused in words that no row of the provider's table knows. */
  UnrecognisedAnswers: metric({ unit: 'Count', by: ['provider'] }),
  /** Mail that was accepted after another provider had failed with it, had refused it, or was passed over as broken. */
  FailedOver: metric({ unit: 'Count', by: [] }),
  /** Mail that was accepted although this provider may have taken it before, by {@link DUPLICATE_OUTCOMES}. */
  PossibleDuplicate: metric({ unit: 'Count', by: ['provider', 'outcome'], outcomes: DUPLICATE_OUTCOMES }),
  /** Providers passed over because they cannot carry the message by their published limits. */
  SkippedUnable: metric({ unit: 'Count', by: [] }),
  /** Tags and metadata of accepted mail that did not fit the provider's limits, and so do not come back with its events. */
  MetadataDropped: metric({ unit: 'Count', by: [] }),
  /** From when the producer sent it to acceptance; one value for each submission that a provider accepted. */
  Delay: metric({ unit: 'Seconds', by: [], small: true }),
  /**
   * Since the producer sent it, each time that the sender works on a mail of a class that has an expiry, and when it is accepted;
   * at most {@link MOST_WATCHED_CLASSES} classes.
   */
  ClassWait: metric({ unit: 'Seconds', by: ['class'] }),
  /** Age of a submission when it is sent to a retry queue. */
  RetryAge: metric({ unit: 'Seconds', by: [], small: true }),
  /**
   * How often the sender was invoked with a mail, as a share of the most that the waits of a mail of its age explain; each
   * time that it is sent to a retry queue. From 1 on it goes round faster than any wait that there is.
   */
  InvocationsPerMail: metric({ unit: 'None', by: [] }),
  /** Messages put on the dead-letter queue, by who has to act: {@link DEAD_LETTER_OUTCOME}. */
  DeadLettered: metric({ unit: 'Count', by: ['outcome'], outcomes: DEAD_LETTER_OUTCOMES }),
  /** Calls of our own services that failed and made a mail wait, by {@link OWN_SERVICES}. */
  OwnTrouble: metric({ unit: 'Count', by: ['outcome'], outcomes: OWN_SERVICES }),

  /** Reads of secrets that failed for want of Secrets Manager, or of our way to it: no account's fault. */
  SecretsUnreachable: metric({ unit: 'Count', by: [] }),
  /** How often the key of the proofs was wanted and is missing, forbidden or malformed: letters go out without a proof. */
  ProofKeyUnusable: metric({ unit: 'Count', by: [] }),
  /** Calls of providers that failed because of the credentials or the clock of one process: no account's fault. */
  CredentialsRefused: metric({ unit: 'Count', by: [] }),

  /**
   * Each minute. 1: the account may send. 0: the provider says that it may not, or does not let us in, to the health check or
   * to an attempt that opened its circuit. No value while it does not answer: that is an outage and says nothing of the account.
   */
  AccountHealthy: metric({ unit: 'None', by: ['provider'], small: true }),
  /** {@link CIRCUIT_STATE}, each minute. */
  CircuitState: metric({ unit: 'None', by: ['provider'], small: true }),
  /** Each minute: how many times its usual share of recipients the provider refuses for their mailbox; 0 while these are few. */
  SuppressionRise: metric({ unit: 'None', by: ['provider'] }),
  /** Each minute. 1: producers sent steadily for two hours, and nothing for the last half hour. */
  ProducersSilent: metric({ unit: 'None', by: [] }),
  /** Since the provider last accepted mail or last let us log in, whichever is later. */
  CredentialAge: metric({ unit: 'Seconds', by: ['provider'] }),
  /** Part of the provider's quota that is left, from 0 to 1; of providers that tell it. */
  QuotaHeadroom: metric({ unit: 'None', by: ['provider'], types: ['ses'] }),
  /** Since the newest canary that came back was sent, or since the first one was; of providers with canaries, each minute. */
  CanaryAge: metric({ unit: 'Seconds', by: ['provider'], needs: 'canary' }),
  /** The same of canaries to a subdomain whose only MX is the provider. */
  MxCanaryAge: metric({ unit: 'Seconds', by: ['provider'], receiving: true, needsInboundCanary: true }),
  /** Listings of own sending addresses in DNS blocklists, each half hour; no value while no list answers. */
  Blocklisted: metric({ unit: 'None', by: ['provider'], needs: 'blocklists' }),
  /** How many switches of an operator are on, each minute. */
  OperatorSwitch: metric({ unit: 'Count', by: [] }),

  /** Requests with received mail, by what became of them; {@link INBOUND_OUTCOMES}. */
  InboundRequests: metric({
    unit: 'Count',
    by: ['provider', 'outcome'],
    outcomes: INBOUND_OUTCOMES,
    receiving: true,
    small: ['refused', 'replayed'],
  }),
  /** Requests to the path of a provider that is not in the list, whatever name they give it. */
  InboundUnknownKey: metric({ unit: 'Count', by: [], receiving: true }),
  /** From when the provider took a mail until it was on the inbound queue. */
  InboundAge: metric({ unit: 'Seconds', by: ['provider'], receiving: true }),
  /** Received mail of which something is only in its raw form: too large to be posted, or not to be read. */
  InboundIncomplete: metric({ unit: 'Count', by: ['provider'], receiving: true }),
  /** Received mail whose Message-ID stood for another mail to the same recipient; it was delivered. */
  InboundIdReused: metric({ unit: 'Count', by: ['provider'], receiving: true }),
  /** Runs of the reconciler and what they found; {@link RECONCILED_OUTCOMES}. */
  InboundReconciled: metric({
    unit: 'Count',
    by: ['provider', 'outcome'],
    outcomes: RECONCILED_OUTCOMES,
    receiving: true,
  }),
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

/** What a function is told of a size. */
export function encodeSize(size: MonitoringSize): Record<string, string> {
  return size === 'full' ? {} : { [SIZE_VARIABLE]: size };
}

/** Reads what {@link encodeSize} wrote. */
export function decodeSize(variables: Readonly<Record<string, string | undefined>>): MonitoringSize {
  return MONITORING_SIZES.find((size) => size === variables[SIZE_VARIABLE]) ?? 'full';
}
