/** Scope of a fault: one provider, or all workers and providers. */
export type FaultScope = 'provider' | 'platform';

interface Kind {
  readonly scope: FaultScope;
  /** Shortest and longest duration of the fault, in minutes. */
  readonly minutes: readonly [shortest: number, longest: number];
  /** Lowest and highest share of the calls that are affected by the fault. */
  readonly rate: readonly [lowest: number, highest: number];
  /**
   * For this number of minutes after the end of the fault, mail may still wait because of hidden messages, a Retry-After or a
   * wrong clock. @default 0
   */
  readonly lingers?: number;
}

const HOUR = 60;
const DAY = 24 * HOUR;

/** All kinds of faults that can occur in a run; the random numbers of the seed decide which of them occur. */
export const FAULTS = {
  /** The provider answers 500 without accepting the mail. */
  '5xx': { scope: 'provider', minutes: [15, 12 * HOUR], rate: [0.1, 1] },
  /** The provider answers 500 after accepting the mail. */
  '5xx-taken': { scope: 'provider', minutes: [15, 2 * HOUR], rate: [0.05, 0.5], lingers: 5 },
  /** The provider refuses connections. */
  refused: { scope: 'provider', minutes: [15, 12 * HOUR], rate: [0.5, 1] },
  /** The provider never completes a connection: the connect time-out of the sender applies. */
  'connect-hang': { scope: 'provider', minutes: [15, 6 * HOUR], rate: [0.3, 1] },
  /** The provider reads the request, does not accept the mail and never answers. */
  hang: { scope: 'provider', minutes: [15, 6 * HOUR], rate: [0.05, 1], lingers: 5 },
  /** The provider accepts the mail, immediately or up to minutes later, and never answers. */
  'hang-taken': { scope: 'provider', minutes: [15, 2 * HOUR], rate: [0.02, 0.5], lingers: 8 },
  /** The provider cuts the connection after the request, without accepting the mail. */
  reset: { scope: 'provider', minutes: [15, 6 * HOUR], rate: [0.05, 1], lingers: 5 },
  /** The provider accepts the mail and cuts the connection before the answer. */
  'reset-taken': { scope: 'provider', minutes: [15, 2 * HOUR], rate: [0.02, 0.5], lingers: 5 },
  /** The provider answers "too many requests", without a Retry-After. */
  throttle: { scope: 'provider', minutes: [15, 12 * HOUR], rate: [0.2, 1], lingers: 3 },
  /** The provider answers "too many requests", with a Retry-After. */
  'retry-after': { scope: 'provider', minutes: [15, 12 * HOUR], rate: [0.2, 1], lingers: 65 },
  /** The account at the provider is closed or suspended. */
  suspended: { scope: 'provider', minutes: [6 * HOUR, 21 * DAY], rate: [1, 1], lingers: 2 },
  /**
   * The API of the provider has changed. The provider now refuses messages that all other providers accept. For half of the
   * refusals, the sender does not recognise the text.
   */
  'api-changed': { scope: 'provider', minutes: [2 * HOUR, 7 * DAY], rate: [0.5, 1] },
  /** The provider refuses active mailboxes as inactive, as if a wrong suppression list had been imported. */
  'mis-suppressed': { scope: 'provider', minutes: [15, 6 * HOUR], rate: [0.3, 1] },
  /** The provider works, but answers slowly. */
  slow: { scope: 'provider', minutes: [15, 12 * HOUR], rate: [0.5, 1], lingers: 2 },
  /** Look-ups of sent mail at the provider get no answer or an error. */
  'lookup-down': { scope: 'provider', minutes: [10, 2 * DAY], rate: [0.5, 1], lingers: 5 },
  /** Look-ups of sent mail find a mail only minutes after the provider accepted the mail. */
  'lookup-late': { scope: 'provider', minutes: [10, 2 * DAY], rate: [0.2, 1], lingers: 16 },
  /** An operator isolates the provider, so the sender must not use the provider. */
  isolated: { scope: 'provider', minutes: [15, 8 * HOUR], rate: [1, 1] },
  /** All providers refuse connections at the same time. */
  'all-down': { scope: 'platform', minutes: [15, 8 * HOUR], rate: [1, 1] },

  /**
   * SQS delivers a message twice, sometimes to two workers at the same time, and loses deletions of messages. Both happen far more
   * often than in reality.
   */
  'sqs-duplicates': { scope: 'platform', minutes: [2 * HOUR, 7 * DAY], rate: [0.002, 0.03], lingers: 18 },
  /** SQS does one of three things with a message: does not store it, stores it and answers with an error, or stores it twice. */
  'sqs-errors': { scope: 'platform', minutes: [15, 2 * HOUR], rate: [0.02, 0.3], lingers: 8 },
  /** Reads of S3 objects fail. */
  's3-errors': { scope: 'platform', minutes: [15, 2 * HOUR], rate: [0.1, 1] },
  /** The state table answers with an error. If the call is a write, the write may or may not have taken effect. */
  'table-errors': { scope: 'platform', minutes: [15, 6 * HOUR], rate: [0.02, 0.4], lingers: 8 },
  /** The table throttles a call; the throttled call has no effect. */
  'table-throttle': { scope: 'platform', minutes: [15, 6 * HOUR], rate: [0.05, 0.6], lingers: 8 },
  /** Every call of the table fails. */
  'table-down': { scope: 'platform', minutes: [1, 3 * HOUR], rate: [1, 1], lingers: 8 },
  /** The table answers 0.2 to 3 seconds late, or the call takes effect and ends with a time-out. */
  'table-slow': { scope: 'platform', minutes: [15, 2 * HOUR], rate: [0.1, 1], lingers: 8 },
  /** Eventually consistent reads of the table return old items. */
  'table-stale': { scope: 'platform', minutes: [10, 2 * DAY], rate: [0.2, 1] },

  /** Secrets Manager fails: processes continue with the secrets that they read before the failure. */
  'secrets-down': { scope: 'platform', minutes: [15, 6 * HOUR], rate: [0.3, 1], lingers: 2 },
  /**
   * Open connections of a process that was frozen for minutes are dead: the first request through each dead connection fails and
   * has no effect.
   */
  'dead-sockets': { scope: 'platform', minutes: [15, 2 * DAY], rate: [0.2, 1], lingers: 8 },

  /** A process is killed at one of the points at which it awaits an answer. */
  kill: { scope: 'platform', minutes: [5, 12 * HOUR], rate: [0.05, 0.5], lingers: 12 },
  /** A process is frozen for one second to two minutes. The time-out of the Lambda function may then kill the process. */
  stall: { scope: 'platform', minutes: [5, 6 * HOUR], rate: [0.01, 0.2], lingers: 12 },
  /** New processes start with a clock that is wrong by up to ten minutes. */
  'clock-skew': { scope: 'platform', minutes: [HOUR, 2 * DAY], rate: [0.1, 0.5], lingers: 60 },
  /** The clock of a process jumps while the process sends mail. After the jump, the clock is wrong by up to ten minutes. */
  'clock-jump': { scope: 'platform', minutes: [10, 12 * HOUR], rate: [0.02, 0.3], lingers: 60 },

  /** A later release of the sender, which writes more fields into the table's items, processes a part of the mail. */
  'newer-release': { scope: 'platform', minutes: [10, 2 * DAY], rate: [0.1, 0.9], lingers: 2 },
} as const satisfies Record<string, Kind>;

export type FaultKind = keyof typeof FAULTS;

export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];

/** Faults of a provider during which it still accepts mail. */
const WORKING: ReadonlySet<FaultKind> = new Set(['lookup-down', 'lookup-late', 'slow']);

/** Whether a fault of this kind prevents a provider from accepting mail. */
export function keepsMailAway(kind: FaultKind): boolean {
  return FAULTS[kind].scope === 'provider' && !WORKING.has(kind);
}

/** Returns for how many milliseconds after its end a fault of this kind may still have an effect. */
export function lingersMs(kind: FaultKind): number {
  const { lingers = 0 }: Kind = FAULTS[kind];
  return lingers * 60_000;
}
