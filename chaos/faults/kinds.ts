/** What a fault strikes; one provider at a time, or the part of the platform that it names. */
export type FaultedPart = 'provider' | 'platform';

interface Kind {
  readonly part: FaultedPart;
  /** Shortest and longest time that it lasts, in minutes. */
  readonly minutes: readonly [shortest: number, longest: number];
  /** How many of what it could strike it strikes, at least and at most. */
  readonly rate: readonly [lowest: number, highest: number];
  /** For so many minutes after its end mail may still wait because of it: hidden messages, Retry-Afters, wrong clocks. */
  readonly lingers?: number;
}

const HOUR = 60;
const DAY = 24 * HOUR;

/** Every kind of fault that a seed may bring. */
export const FAULTS = {
  /** Answers 500; nothing was taken. */
  '5xx': { part: 'provider', minutes: [15, 12 * HOUR], rate: [0.1, 1] },
  /** Answers 500, and took the mail. */
  '5xx-taken': { part: 'provider', minutes: [15, 2 * HOUR], rate: [0.05, 0.5], lingers: 5 },
  /** Refuses connections. */
  refused: { part: 'provider', minutes: [15, 12 * HOUR], rate: [0.5, 1] },
  /** Never lets a connection stand: the time for connecting runs out. */
  'connect-hang': { part: 'provider', minutes: [15, 6 * HOUR], rate: [0.3, 1] },
  /** Reads the request and never answers; nothing was taken. */
  hang: { part: 'provider', minutes: [15, 6 * HOUR], rate: [0.05, 1], lingers: 5 },
  /** Takes the mail, at once or up to minutes later, and never answers. */
  'hang-taken': { part: 'provider', minutes: [15, 2 * HOUR], rate: [0.02, 0.5], lingers: 8 },
  /** Cuts the connection when the request is out; nothing was taken. */
  reset: { part: 'provider', minutes: [15, 6 * HOUR], rate: [0.05, 1], lingers: 5 },
  /** Takes the mail and cuts the connection. */
  'reset-taken': { part: 'provider', minutes: [15, 2 * HOUR], rate: [0.02, 0.5], lingers: 5 },
  /** Too many requests, it says, and no more. */
  throttle: { part: 'provider', minutes: [15, 12 * HOUR], rate: [0.2, 1], lingers: 3 },
  /** Too many requests, with a Retry-After. */
  'retry-after': { part: 'provider', minutes: [15, 12 * HOUR], rate: [0.2, 1], lingers: 65 },
  /** The account was ended or suspended. */
  suspended: { part: 'provider', minutes: [6 * HOUR, 21 * DAY], rate: [1, 1], lingers: 2 },
  /** Its API changed overnight: it calls messages bad that all others take. */
  'api-changed': { part: 'provider', minutes: [2 * HOUR, 7 * DAY], rate: [0.5, 1] },
  /** Calls mailboxes inactive that are not, as after an import of a wrong list. */
  'mis-suppressed': { part: 'provider', minutes: [15, 6 * HOUR], rate: [0.3, 1] },
  /** Sends well, and answers slowly. */
  slow: { part: 'provider', minutes: [15, 12 * HOUR], rate: [0.5, 1], lingers: 2 },
  /** Questions about earlier mail get no answer. */
  'lookup-down': { part: 'provider', minutes: [10, 2 * DAY], rate: [0.5, 1], lingers: 5 },
  /** Mail shows in look-ups only minutes after it was taken. */
  'lookup-late': { part: 'provider', minutes: [10, 2 * DAY], rate: [0.2, 1], lingers: 16 },
  /** An operator holds the provider back. */
  isolated: { part: 'provider', minutes: [15, 8 * HOUR], rate: [1, 1] },
  /** Every provider refuses connections at once. */
  'all-down': { part: 'platform', minutes: [15, 8 * HOUR], rate: [1, 1] },

  /** SQS delivers twice, also at once, and forgets deletions; far more often than it really does. */
  'sqs-duplicates': { part: 'platform', minutes: [2 * HOUR, 7 * DAY], rate: [0.002, 0.03], lingers: 18 },
  /** SQS does not take a message, or takes it and says that it did not, or takes it twice. */
  'sqs-errors': { part: 'platform', minutes: [15, 2 * HOUR], rate: [0.02, 0.3], lingers: 8 },
  /** S3 fails. */
  's3-errors': { part: 'platform', minutes: [15, 2 * HOUR], rate: [0.1, 1] },
  /** The table fails, before or after a write took effect. */
  'table-errors': { part: 'platform', minutes: [15, 6 * HOUR], rate: [0.02, 0.4], lingers: 8 },
  /** The table throttles: nothing took effect. */
  'table-throttle': { part: 'platform', minutes: [15, 6 * HOUR], rate: [0.05, 0.6], lingers: 8 },
  /** The table is away as a whole. */
  'table-down': { part: 'platform', minutes: [1, 3 * HOUR], rate: [1, 1], lingers: 8 },
  /** The table takes seconds. */
  'table-slow': { part: 'platform', minutes: [15, 2 * HOUR], rate: [0.1, 1], lingers: 8 },
  /** Reads that need not be consistent are old. */
  'table-stale': { part: 'platform', minutes: [10, 2 * DAY], rate: [0.2, 1] },

  /** Secrets Manager fails: processes that have read what they need go on with it. */
  'secrets-down': { part: 'platform', minutes: [15, 6 * HOUR], rate: [0.3, 1], lingers: 2 },
  /** Kept connections of a process that was frozen for minutes are dead: its first request over each fails, and has no effect. */
  'dead-sockets': { part: 'platform', minutes: [15, 2 * DAY], rate: [0.2, 1], lingers: 8 },

  /** A process is killed at one of its await points, whichever it is. */
  kill: { part: 'platform', minutes: [5, 12 * HOUR], rate: [0.05, 0.5], lingers: 12 },
  /** The machine under a process stands still for seconds to minutes: the function's time-out strikes. */
  stall: { part: 'platform', minutes: [5, 6 * HOUR], rate: [0.01, 0.2], lingers: 12 },
  /** New processes begin with a clock that is wrong by up to ten minutes. */
  'clock-skew': { part: 'platform', minutes: [HOUR, 2 * DAY], rate: [0.1, 0.5], lingers: 60 },
  /** Clocks jump by up to ten minutes while mail is under way. */
  'clock-jump': { part: 'platform', minutes: [10, 12 * HOUR], rate: [0.02, 0.3], lingers: 60 },

  /** A deployment is under way or was taken back: the release before this one works on a part of the mail. */
  'previous-release': { part: 'platform', minutes: [10, 12 * HOUR], rate: [0.1, 0.9], lingers: 40 },
  /** A release that has the ledger, and does not tell apart which copy of a waiting mail is ahead. */
  'simple-release': { part: 'platform', minutes: [10, 2 * DAY], rate: [0.1, 0.9], lingers: 12 },
  /** A later release, whose items have fields that this one does not know, works on a part of the mail. */
  'newer-release': { part: 'platform', minutes: [10, 2 * DAY], rate: [0.1, 0.9], lingers: 2 },
} as const satisfies Record<string, Kind>;

export type FaultKind = keyof typeof FAULTS;

export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];

const WORKING: ReadonlySet<FaultKind> = new Set(['lookup-down', 'lookup-late', 'slow']);

/** Whether a fault of this kind keeps mail from a provider. */
export function keepsMailAway(kind: FaultKind): boolean {
  return FAULTS[kind].part === 'provider' && !WORKING.has(kind);
}

/** For how long after its end, in milliseconds, a fault may still be felt. */
export function lingersMs(kind: FaultKind): number {
  const { lingers = 0 }: Kind = FAULTS[kind];
  return lingers * 60_000;
}
