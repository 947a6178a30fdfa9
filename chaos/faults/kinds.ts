/** Scope of a fault: one provider, or a part of the platform. */
export type FaultedPart = 'provider' | 'platform';

interface Kind {
  readonly part: FaultedPart;
  /** Shortest and longest duration, in minutes. */
  readonly minutes: readonly [shortest: number, longest: number];
  /** Lowest and highest share of the calls that it affects. */
  readonly rate: readonly [lowest: number, highest: number];
  /** Minutes after its end in which mail may still wait because of it: hidden messages, Retry-Afters, wrong clocks. */
  readonly lingers?: number;
}

const HOUR = 60;
const DAY = 24 * HOUR;

/** Every kind of fault that a seed may draw. */
export const FAULTS = {
  /** Answers 500 without accepting the mail. */
  '5xx': { part: 'provider', minutes: [15, 12 * HOUR], rate: [0.1, 1] },
  /** Answers 500 after accepting the mail. */
  '5xx-taken': { part: 'provider', minutes: [15, 2 * HOUR], rate: [0.05, 0.5], lingers: 5 },
  /** Refuses connections. */
  refused: { part: 'provider', minutes: [15, 12 * HOUR], rate: [0.5, 1] },
  /** Never completes a connection: the connect time-out applies. */
  'connect-hang': { part: 'provider', minutes: [15, 6 * HOUR], rate: [0.3, 1] },
  /** Reads the request and never answers; the mail is not accepted. */
  hang: { part: 'provider', minutes: [15, 6 * HOUR], rate: [0.05, 1], lingers: 5 },
  /** Accepts the mail, at once or up to minutes later, and never answers. */
  'hang-taken': { part: 'provider', minutes: [15, 2 * HOUR], rate: [0.02, 0.5], lingers: 8 },
  /** Cuts the connection after the request; the mail is not accepted. */
  reset: { part: 'provider', minutes: [15, 6 * HOUR], rate: [0.05, 1], lingers: 5 },
  /** Accepts the mail and cuts the connection. */
  'reset-taken': { part: 'provider', minutes: [15, 2 * HOUR], rate: [0.02, 0.5], lingers: 5 },
  /** Too many requests, without a Retry-After. */
  throttle: { part: 'provider', minutes: [15, 12 * HOUR], rate: [0.2, 1], lingers: 3 },
  /** Too many requests, with a Retry-After. */
  'retry-after': { part: 'provider', minutes: [15, 12 * HOUR], rate: [0.2, 1], lingers: 65 },
  /** The account is closed or suspended. */
  suspended: { part: 'provider', minutes: [6 * HOUR, 21 * DAY], rate: [1, 1], lingers: 2 },
  /** Its API changed: it refuses messages as bad that all others accept. */
  'api-changed': { part: 'provider', minutes: [2 * HOUR, 7 * DAY], rate: [0.5, 1] },
  /** Calls mailboxes inactive that are not, as after an import of a wrong list. */
  'mis-suppressed': { part: 'provider', minutes: [15, 6 * HOUR], rate: [0.3, 1] },
  /** Works, and answers slowly. */
  slow: { part: 'provider', minutes: [15, 12 * HOUR], rate: [0.5, 1], lingers: 2 },
  /** Look-ups get no answer. */
  'lookup-down': { part: 'provider', minutes: [10, 2 * DAY], rate: [0.5, 1], lingers: 5 },
  /** Look-ups find mail only minutes after its acceptance. */
  'lookup-late': { part: 'provider', minutes: [10, 2 * DAY], rate: [0.2, 1], lingers: 16 },
  /** An operator isolates the provider. */
  isolated: { part: 'provider', minutes: [15, 8 * HOUR], rate: [1, 1] },
  /** Every provider refuses connections at once. */
  'all-down': { part: 'platform', minutes: [15, 8 * HOUR], rate: [1, 1] },

  /** SQS delivers twice, also at once, and loses deletions; far more often than in reality. */
  'sqs-duplicates': { part: 'platform', minutes: [2 * HOUR, 7 * DAY], rate: [0.002, 0.03], lingers: 18 },
  /** SQS does not take a message, or takes it and answers with an error, or takes it twice. */
  'sqs-errors': { part: 'platform', minutes: [15, 2 * HOUR], rate: [0.02, 0.3], lingers: 8 },
  /** S3 fails. */
  's3-errors': { part: 'platform', minutes: [15, 2 * HOUR], rate: [0.1, 1] },
  /** The table fails, before or after a write took effect. */
  'table-errors': { part: 'platform', minutes: [15, 6 * HOUR], rate: [0.02, 0.4], lingers: 8 },
  /** The table throttles: nothing took effect. */
  'table-throttle': { part: 'platform', minutes: [15, 6 * HOUR], rate: [0.05, 0.6], lingers: 8 },
  /** The whole table is down. */
  'table-down': { part: 'platform', minutes: [1, 3 * HOUR], rate: [1, 1], lingers: 8 },
  /** The table answers after seconds. */
  'table-slow': { part: 'platform', minutes: [15, 2 * HOUR], rate: [0.1, 1], lingers: 8 },
  /** Eventually consistent reads return old items. */
  'table-stale': { part: 'platform', minutes: [10, 2 * DAY], rate: [0.2, 1] },

  /** Secrets Manager fails: processes continue with secrets that they have read. */
  'secrets-down': { part: 'platform', minutes: [15, 6 * HOUR], rate: [0.3, 1], lingers: 2 },
  /** Kept connections of a process that was frozen for minutes are dead: its first request over each fails, and has no effect. */
  'dead-sockets': { part: 'platform', minutes: [15, 2 * DAY], rate: [0.2, 1], lingers: 8 },

  /** A process is killed at any of its await points. */
  kill: { part: 'platform', minutes: [5, 12 * HOUR], rate: [0.05, 0.5], lingers: 12 },
  /** The machine of a process is frozen for seconds to minutes: the function's time-out applies. */
  stall: { part: 'platform', minutes: [5, 6 * HOUR], rate: [0.01, 0.2], lingers: 12 },
  /** New processes start with a clock that is wrong by up to ten minutes. */
  'clock-skew': { part: 'platform', minutes: [HOUR, 2 * DAY], rate: [0.1, 0.5], lingers: 60 },
  /** Clocks jump by up to ten minutes while mail is in progress. */
  'clock-jump': { part: 'platform', minutes: [10, 12 * HOUR], rate: [0.02, 0.3], lingers: 60 },

  /** A later release, whose items have more fields, processes a part of the mail. */
  'newer-release': { part: 'platform', minutes: [10, 2 * DAY], rate: [0.1, 0.9], lingers: 2 },
} as const satisfies Record<string, Kind>;

export type FaultKind = keyof typeof FAULTS;

export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];

const WORKING: ReadonlySet<FaultKind> = new Set(['lookup-down', 'lookup-late', 'slow']);

/** Whether a fault of this kind keeps mail from a provider. */
export function keepsMailAway(kind: FaultKind): boolean {
  return FAULTS[kind].part === 'provider' && !WORKING.has(kind);
}

/** Milliseconds after its end in which a fault may still have an effect. */
export function lingersMs(kind: FaultKind): number {
  const { lingers = 0 }: Kind = FAULTS[kind];
  return lingers * 60_000;
}
