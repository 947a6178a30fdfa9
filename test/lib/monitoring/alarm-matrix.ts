import type { Outcome } from '../../../lambda/mail/outcome.ts';
import type { Health } from '../../../lambda/providers/provider.ts';
import type { ProviderType } from '../../../lambda/providers/registry.ts';
import type { Fault } from '../../../local/faults/faults.ts';
import { simulatedType } from '../../../local/simulators/registry.ts';
import type { Breakage } from './faults.ts';

/**
 * Volume of mail for the broken provider. `traffic`: one mail every ten seconds. `low`: one mail every two minutes. `none`: no
 * mail, since the provider is a standby.
 */
export type Traffic = 'traffic' | 'low' | 'none';

/** A fault of a provider, and the alarms that the fault raises. */
export interface Situation extends Breakage {
  /** Name of the fault; the table in the runbook has a row with this name. */
  readonly fault: string;
  /** Configured rate limit of the provider. */
  readonly maxPerSecond?: number;
  /** Duration in minutes. @default - three periods of five minutes */
  readonly minutes?: number;
  /**
   * Returns the same fault for the simulated provider of the local stack, in the form that `PUT /api/providers/KEY/fault`
   * accepts. `test/soak/wire-faults.test.ts` checks that this fault has the outcome with which the matrix is computed. Undefined
   * for a provider type that cannot have this outcome.
   * @default - no fault: the simulated provider answers as a healthy provider
   */
  readonly local?: (type: ProviderType) => Fault | undefined;
  /**
   * Exact set of the alarms that the fault raises within three periods of five minutes. An alarm of the provider is given by the
   * last part of its name.
   */
  readonly alarms: Readonly<Record<Traffic, readonly string[]>>;
  /** Further alarms that may be raised, depending on the number of workers. */
  readonly perhaps?: readonly string[];
  /** Whether the fault raises no alarm if `monitoring.size` is `small`. */
  readonly smallUnseen?: true;
  /** Reason why the fault raises no alarm, if a reader might expect an alarm. */
  readonly unseen?: string;
}

const HEALTHY: Health = { state: 'healthy' };
const UNREACHABLE: Health = { state: 'unreachable', reason: 'server-error' };
const ONE_WAY = 'OneWayBroken';
const OVER = 'FailoverRate';
/** Alarms about Mailover as a whole. All other alarms are about one provider. */
export const WHOLE: ReadonlySet<string> = new Set([ONE_WAY, OVER]);

const ACCEPTED: Outcome = { kind: 'accepted', providerMessageId: 'id' };
const OUTAGE: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'server-error' };
const LOST: Outcome = { kind: 'unknown', reason: 'no-answer' };

const all = (fault: Fault): Fault => ({ ...fault, on: 'all' });

/** Returns the alarms that a fault raises under `traffic` if `monitoring.size` is `small`. These alarms do not distinguish the faults. */
export function smallAlarms({ alarms: { traffic }, smallUnseen }: Situation): readonly string[] {
  const kept = traffic.filter((title) => title === 'AccountRefused' || title === 'CircuitOpen');
  return !smallUnseen && traffic.some((title) => AS_FAULTS.has(title)) ? [...kept, 'Faults'] : kept;
}

const AS_FAULTS: ReadonlySet<string> = new Set([
  'FailureRate',
  'FailureCount',
  'SomeFailures',
  'LostAnswers',
  'Contradictions',
  'SenderRefused',
]);

/** Alarms for an outage in which attempts and health checks fail. */
const BROKEN: Situation['alarms'] = {
  traffic: ['FailureRate', 'SomeFailures', 'CircuitOpen', 'AccountUnknown', ONE_WAY, OVER],
  low: ['FailureCount', 'SomeFailures', 'AccountUnknown', ONE_WAY],
  none: ['AccountUnknown', ONE_WAY],
};
/** Alarms for lost answers while the account is healthy. */
const LOSING: Situation['alarms'] = {
  traffic: ['FailureRate', 'LostAnswers', 'CircuitOpen', ONE_WAY, OVER],
  low: ['FailureCount', 'LostAnswers', ONE_WAY],
  none: [],
};
const REFUSED: Situation['alarms'] = {
  traffic: ['AccountRefused', 'CircuitOpen', 'FailureRate', ONE_WAY, OVER],
  low: ['AccountRefused', 'CircuitOpen', 'FailureCount', ONE_WAY],
  none: ['AccountRefused', ONE_WAY],
};

/** Every fault that any provider can have, with the alarms that the fault raises. */
export const MATRIX: readonly Situation[] = [
  {
    fault: 'answers every call with a server error',
    outcome: OUTAGE,
    takesMs: 50,
    health: UNREACHABLE,
    local: (type) => simulatedType(type).faults.failed,
    alarms: BROKEN,
  },
  {
    fault: 'refuses connections',
    outcome: { kind: 'unavailable', blames: 'outage', reason: 'connection-refused' },
    takesMs: 5,
    health: { state: 'unreachable', reason: 'connection-refused' },
    local: () => ({ network: 'refuse' }),
    alarms: BROKEN,
  },
  {
    // A short request is sent completely before the connection drops. Then only the answer is lost, which is a different fault.
    fault: 'closes the connection before it has read a long request completely',
    outcome: OUTAGE,
    takesMs: 20,
    health: UNREACHABLE,
    alarms: BROKEN,
  },
  {
    fault: 'hangs',
    outcome: LOST,
    takesMs: 'deadline',
    health: { state: 'unreachable', reason: 'no-answer' },
    local: () => all({ network: 'hang' }),
    // With one worker, only one mail at a time waits for the hanging provider. These are too few failures to open the circuit
    // breaker, or to compute a failure rate. With two workers the circuit breaker opens.
    alarms: {
      traffic: ['FailureCount', 'LostAnswers', 'PossibleDuplicates', 'AccountUnknown', ONE_WAY, OVER],
      low: ['FailureCount', 'LostAnswers', 'PossibleDuplicates', 'AccountUnknown', ONE_WAY],
      none: ['AccountUnknown', ONE_WAY],
    },
    perhaps: ['CircuitOpen', 'FailureRate'],
  },
  {
    fault: 'reads the request, then closes the connection and drops the mail',
    outcome: { kind: 'unknown', reason: 'connection-lost' },
    takesMs: 50,
    health: HEALTHY,
    local: () => ({ network: 'reset' }),
    alarms: {
      ...LOSING,
      traffic: [...LOSING.traffic, 'PossibleDuplicates'],
      low: [...LOSING.low, 'PossibleDuplicates'],
    },
  },
  {
    fault: 'accepts the mail, but its answer is lost',
    outcome: { kind: 'unknown', reason: 'connection-lost' },
    takesMs: 80,
    taken: true,
    health: HEALTHY,
    local: () => ({ network: 'reset-after-accept' }),
    alarms: LOSING,
  },
  {
    fault: 'has suspended our account',
    outcome: { kind: 'unavailable', blames: 'account', reason: 'account-suspended' },
    takesMs: 50,
    health: { state: 'account-refused', reason: 'account-suspended' },
    local: (type) => all(simulatedType(type).faults.suspended[0]),
    alarms: REFUSED,
  },
  {
    fault: 'has revoked our key',
    outcome: { kind: 'unavailable', blames: 'account', reason: 'authentication' },
    takesMs: 50,
    health: { state: 'account-refused', reason: 'authentication' },
    local: (type) => all(simulatedType(type).faults.keyRevoked),
    alarms: REFUSED,
  },
  {
    fault: 'refuses attempts since our quota is used up, which the health check does not show',
    outcome: { kind: 'unavailable', blames: 'account', reason: 'daily-quota' },
    takesMs: 50,
    health: HEALTHY,
    local: (type) => simulatedType(type).faults.outOfQuota,
    alarms: { ...REFUSED, none: [] },
  },
  {
    fault: 'throttles',
    outcome: { kind: 'throttled', of: 'provider', reason: 'rate-limit' },
    takesMs: 50,
    health: HEALTHY,
    local: (type) => simulatedType(type).faults.throttled,
    alarms: { traffic: ['Throttled'], low: ['Throttled'], none: [] },
  },
  {
    fault: 'refuses every message as bad (its API changed)',
    outcome: { kind: 'refused', blames: 'message', reason: 'format' },
    takesMs: 50,
    health: HEALTHY,
    local: (type) => simulatedType(type).faults.badMessage,
    alarms: { traffic: ['Contradictions', 'Refusals', OVER], low: ['Contradictions'], none: [] },
  },
  {
    fault: 'refuses every message with an unrecognised answer',
    outcome: { kind: 'unrecognised', reason: 'unrecognised' },
    takesMs: 50,
    health: HEALTHY,
    local: (type) => simulatedType(type).faults.unrecognised,
    alarms: {
      traffic: ['Contradictions', 'UnrecognisedAnswers', 'Refusals', OVER],
      low: ['Contradictions', 'UnrecognisedAnswers'],
      none: [],
    },
  },
  {
    fault: 'refuses every recipient as bad',
    outcome: { kind: 'refused', blames: 'recipient', reason: 'suppressed' },
    takesMs: 50,
    health: HEALTHY,
    local: badRecipient,
    // While the provider's refusals are not trusted, a second provider is tried. The second provider accepts the mail to these
    // recipients.
    alarms: { traffic: ['Contradictions', 'Refusals', 'SuppressionRise', OVER], low: ['Contradictions'], none: [] },
  },
  {
    fault: 'takes six seconds for each mail',
    outcome: ACCEPTED,
    takesMs: 6_000,
    health: HEALTHY,
    local: () => ({ delayMs: 6_000 }),
    alarms: { traffic: ['Latency'], low: ['Latency'], none: [] },
  },
  {
    fault: 'fails for a third of the mail',
    outcome: OUTAGE,
    takesMs: 50,
    ofHundred: 34,
    health: HEALTHY,
    local: (type) => ({ ...simulatedType(type).faults.failedAttempt, rate: 0.34 }),
    alarms: { traffic: ['FailureRate', 'SomeFailures', ONE_WAY, OVER], low: [], none: [] },
  },
  {
    fault: 'takes nine seconds for each mail',
    outcome: ACCEPTED,
    takesMs: 9_000,
    health: HEALTHY,
    local: () => ({ delayMs: 9_000 }),
    alarms: { traffic: ['Latency'], low: ['Latency'], none: [] },
  },
  ...[1, 5, 20].map(
    (percent, row): Situation => ({
      fault: `loses ${percent} % of its answers`,
      outcome: { kind: 'unknown', reason: 'connection-lost' },
      takesMs: 80,
      taken: true,
      ofHundred: percent,
      minutes: 75,
      health: HEALTHY,
      local: () => ({ network: 'reset-after-accept', rate: percent / 100 }),
      ...(percent === 1 && { smallUnseen: true as const }),
      alarms: {
        traffic: ['LostAnswers'],
        low: [[], ['LostAnswers'], ['LostAnswers', 'FailureCount', ONE_WAY]][row] ?? [],
        none: [],
      },
    }),
  ),
  {
    fault: 'loses 5 % of its answers, and does not answer look-ups (questions whether it has a mail)',
    outcome: { kind: 'unknown', reason: 'connection-lost' },
    takesMs: 80,
    taken: true,
    ofHundred: 5,
    lookUpFails: true,
    minutes: 75,
    health: HEALTHY,
    local: () => ({ network: 'reset-after-accept', rate: 0.05 }),
    alarms: { traffic: ['LostAnswers', 'PossibleDuplicates'], low: ['LostAnswers'], none: [] },
  },
  ...[1, 5, 20].map(
    (percent, row): Situation => ({
      fault: `fails for ${percent} % of the mail`,
      outcome: OUTAGE,
      takesMs: 50,
      ofHundred: percent,
      minutes: 75,
      health: HEALTHY,
      local: (type) => ({ ...simulatedType(type).faults.failedAttempt, rate: percent / 100 }),
      alarms: {
        traffic: [[], ['SomeFailures'], ['SomeFailures', OVER]][row] ?? [],
        low: [[], [], ['FailureCount', ONE_WAY]][row] ?? [],
        none: [],
      },
      ...(percent === 1 && {
        unseen: 'each such mail is delayed by about a second, and every provider has some such failures',
      }),
    }),
  ),
  {
    fault: 'refuses mail from one From domain',
    outcome: { kind: 'unavailable', blames: 'sender', reason: 'sender-unknown' },
    takesMs: 50,
    fifth: true,
    health: HEALTHY,
    local: (type) => ({ ...simulatedType(type).faults.unknownSender, match: 'news@example.net' }),
    alarms: { traffic: ['SenderRefused', OVER], low: [], none: [] },
  },
  {
    fault: 'refuses attachments',
    outcome: { kind: 'refused', blames: 'message', reason: 'attachment-type' },
    takesMs: 50,
    fifth: true,
    health: HEALTHY,
    local: (type) => simulatedType(type).faults.badMessage,
    alarms: { traffic: ['Contradictions', OVER], low: [], none: [] },
  },
  {
    fault: 'refuses the recipients of one domain',
    outcome: { kind: 'refused', blames: 'recipient', reason: 'suppressed' },
    takesMs: 50,
    fifth: true,
    health: HEALTHY,
    local: (type) => badRecipient(type) && { ...badRecipient(type), match: 'two.example.org' },
    alarms: { traffic: ['Contradictions', 'SuppressionRise', OVER], low: [], none: [] },
  },
  {
    fault: 'accepts mail and drops it',
    outcome: ACCEPTED,
    takesMs: 80,
    health: HEALTHY,
    alarms: { traffic: [], low: [], none: [] },
    unseen: 'its answers are those of a healthy provider; CanaryMissing is raised if the provider has a `canary`',
  },
  {
    fault: 'delivers hours late',
    outcome: ACCEPTED,
    takesMs: 80,
    health: HEALTHY,
    alarms: { traffic: [], low: [], none: [] },
    unseen: 'its answers are those of a healthy provider; CanaryMissing is raised if the provider has a `canary`',
  },
  {
    fault: 'does not answer look-ups (questions whether it has a mail), and loses no answer to an attempt',
    outcome: ACCEPTED,
    takesMs: 80,
    lookUpFails: true,
    health: HEALTHY,
    local: (type) => (type === 'smtp' ? undefined : { respond: { status: 500, body: '' }, on: 'lookup' }),
    alarms: { traffic: [], low: [], none: [] },
    unseen: 'Mailover makes look-ups only after lost answers, for which LostAnswers and PossibleDuplicates are raised',
  },
  {
    fault: 'would get three times the mail that its `maxPerSecond` allows',
    outcome: ACCEPTED,
    takesMs: 80,
    maxPerSecond: 1 / 30,
    health: HEALTHY,
    alarms: { traffic: [], low: [], none: [] },
    unseen: 'it is healthy, and the other providers get the rest of the mail',
  },
  {
    fault: 'fails once',
    outcome: OUTAGE,
    takesMs: 50,
    times: 1,
    health: HEALTHY,
    local: (type) => ({ ...simulatedType(type).faults.failedAttempt, times: 1 }),
    alarms: { traffic: [], low: [], none: [] },
  },
];

/**
 * Provider types for which one refusal is enough to give up a recipient. Providers of the other types refuse the whole message,
 * and a second provider must refuse it, too.
 */
const ENDS_RECIPIENTS: ReadonlySet<ProviderType> = new Set(['postmark', 'mailgun', 'ses']);

function badRecipient(type: ProviderType): Fault | undefined {
  return ENDS_RECIPIENTS.has(type) ? simulatedType(type).faults.badRecipient : undefined;
}
