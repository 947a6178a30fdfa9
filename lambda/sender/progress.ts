import type { AttemptResult, Outcome } from '../mail/outcome.ts';

/** How a submission ended for one recipient. `refused` needs two providers, or all that may be used; `held` is a doubt that nobody could settle, under policy `hold`. */
export type End = 'accepted' | 'suppressed' | 'refused' | 'held';

/** Where one recipient stands, over all retries. */
export interface RecipientProgress {
  readonly address: string;
  readonly end?: End;
  /** Keys of the providers that called the message bad for this recipient. */
  readonly refusedBy: readonly string[];
  /** Keys of the providers whose answer was lost. */
  readonly unknownAt: readonly string[];
  /** Keys of the providers that failed with the whole request in their hands. */
  readonly failedAt: readonly string[];
  /** In this round no further provider is tried, because one may have taken the mail. */
  readonly waiting: boolean;
}

/** An answer of a provider that was lost, and what was done to learn it. */
export interface Doubt {
  readonly provider: string;
  /** When the first attempt in doubt began, in epoch milliseconds. */
  readonly at: number;
  /** How often the provider could not say. */
  readonly asked: number;
  /** Nothing more is to be learned: the provider has nothing, or cannot be asked. */
  readonly settled: boolean;
}

/** Where a submission stands. */
export interface Progress {
  readonly recipients: readonly RecipientProgress[];
  /** Attempts so far, over all retries. */
  readonly attempts: number;
  readonly doubts: readonly Doubt[];
  readonly lastProvider?: string;
}

/** A vote that outlives a retry; `recipients` are places in the recipient list, absent for all. */
export interface Vote {
  readonly provider: string;
  readonly kind: 'refused' | 'unknown' | 'failed';
  readonly recipients?: readonly number[];
  /** With `unknown`: as in {@link Doubt}; absent in what the release 0.1 wrote. */
  readonly at?: number;
  readonly asked?: number;
  readonly settled?: true;
}

/** What a retry carries from the rounds before; places count To, Cc and Bcc without repeats, from 0. */
export interface Carried {
  readonly attempts: number;
  readonly done: readonly number[];
  readonly history: readonly Vote[];
}

export const NOTHING_CARRIED: Carried = { attempts: 0, done: [], history: [] };

/** How an unknown answer is treated: ask, then another provider; another provider at once; or ask, and never another one. */
export type OnUnknown = 'ask' | 'failover' | 'hold';

/** Two different providers must agree before a message is declared bad. */
const QUORUM = 2;

const LISTS = { refused: 'refusedBy', unknown: 'unknownAt', failed: 'failedAt' } as const;
const KINDS = ['refused', 'unknown', 'failed'] as const;

/** The state at the begin of a round. */
export function begin(addresses: readonly string[], carried: Carried): Progress {
  const by = (kind: Vote['kind'], place: number) => [
    ...new Set(
      carried.history
        .filter((vote) => vote.kind === kind && (vote.recipients?.includes(place) ?? true))
        .map((vote) => vote.provider),
    ),
  ];
  const unknown = carried.history.filter(({ kind }) => kind === 'unknown');
  return {
    attempts: carried.attempts,
    doubts: [...Map.groupBy(unknown, ({ provider }) => provider)].map(([provider, votes]) => ({
      provider,
      at: Math.min(...votes.map(({ at = 0 }) => at)),
      asked: Math.max(...votes.map(({ asked = 0 }) => asked)),
      settled: votes.every(({ settled }) => settled),
    })),
    recipients: addresses.map((address, place) => {
      const refusedBy = by('refused', place);
      const end = carried.done.includes(place) ? 'accepted' : refusedBy.length >= QUORUM ? 'refused' : undefined;
      return {
        address,
        refusedBy,
        unknownAt: by('unknown', place),
        failedAt: by('failed', place),
        waiting: false,
        ...(end && { end }),
      };
    }),
  };
}

/** Recipients that the next provider may be offered. */
export function pending(progress: Progress): readonly string[] {
  return progress.recipients.filter((one) => !one.end && !one.waiting).map((one) => one.address);
}

/** Whether nothing is left to do in any round. */
export function ended(progress: Progress): boolean {
  return progress.recipients.every((one) => one.end);
}

/** A change that an attempt made beyond the state itself. */
export interface Consequences {
  readonly progress: Progress;
  /** Providers that had refused what this one took: their API may have changed. */
  readonly contradicted: readonly string[];
  /** Providers that may have taken, before, what this one took now, and how that came about. */
  readonly doubled: readonly { readonly provider: string; readonly cause: 'answer-lost' | 'server-error' }[];
  /** Recipients that this provider will not mail, with its reason. */
  readonly suppressed: readonly { readonly address: string; readonly reason: string; readonly detail?: string }[];
}

/** Takes in the result of an attempt that was offered `offered` and began at `begun` (epoch milliseconds). */
export function afterAttempt(
  progress: Progress,
  provider: string,
  offered: readonly string[],
  result: AttemptResult,
  onUnknown: OnUnknown,
  begun: number,
): Consequences {
  const contradicted = new Set<string>();
  const doubled = new Map<string, 'answer-lost' | 'server-error'>();
  const suppressed: { address: string; reason: string; detail?: string }[] = [];
  let lost = false;
  const recipients = progress.recipients.map((one) => {
    if (!offered.includes(one.address) || one.end) return one;
    const outcome = result.recipients?.get(one.address) ?? result.outcome;
    lost ||= outcome.kind === 'unknown';
    if (outcome.kind === 'accepted') {
      for (const key of one.refusedBy) if (key !== provider) contradicted.add(key);
      for (const key of one.failedAt) doubled.set(key, 'server-error');
      for (const key of one.unknownAt) doubled.set(key, 'answer-lost');
    }
    if (outcome.kind === 'refused' && outcome.blames === 'recipient')
      suppressed.push({
        address: one.address,
        reason: outcome.reason,
        ...(outcome.detail && { detail: outcome.detail }),
      });
    return step(one, provider, outcome, onUnknown);
  });
  return {
    progress: {
      recipients,
      attempts: progress.attempts + 1,
      doubts: lost ? doubt(progress.doubts, provider, begun) : progress.doubts,
      lastProvider: provider,
    },
    contradicted: [...contradicted],
    doubled: Array.from(doubled, ([key, cause]) => ({ provider: key, cause })),
    suppressed,
  };
}

function step(one: RecipientProgress, provider: string, outcome: Outcome, onUnknown: OnUnknown): RecipientProgress {
  switch (outcome.kind) {
    case 'accepted':
      return { ...one, end: 'accepted' };
    case 'throttled':
      return one;
    case 'unavailable':
      return outcome.maybeTaken ? { ...one, failedAt: [...new Set([...one.failedAt, provider])] } : one;
    case 'unknown':
      return {
        ...one,
        unknownAt: [...new Set([...one.unknownAt, provider])],
        waiting: onUnknown !== 'failover',
      };
    case 'refused': {
      if (outcome.blames === 'recipient') return { ...one, end: 'suppressed' };
      const refusedBy = [...new Set([...one.refusedBy, provider])];
      return { ...one, refusedBy, ...(refusedBy.length >= QUORUM && { end: 'refused' as const }) };
    }
  }
}

/** Doubts this provider anew: whatever was learned about an earlier attempt says nothing about this one. */
function doubt(doubts: readonly Doubt[], provider: string, at: number): readonly Doubt[] {
  const before = doubts.find((one) => one.provider === provider);
  const fresh: Doubt = { provider, at: Math.min(at, before?.at ?? at), asked: 0, settled: false };
  return [...doubts.filter((one) => one !== before), fresh];
}

/** Declares the message bad for those whom every provider that may be used has refused: nobody is left to ask. */
export function declareRefused(progress: Progress, usable: readonly string[]): Progress {
  return mapPending(progress, (one) =>
    usable.length > 0 && usable.every((key) => one.refusedBy.includes(key)) ? { ...one, end: 'refused' } : one,
  );
}

/** Gives up on those whom some provider may have served: policy `hold` lets no other one try. */
export function declareHeld(progress: Progress): Progress {
  return mapPending(progress, (one) => (one.unknownAt.length > 0 && !one.waiting ? { ...one, end: 'held' } : one));
}

/** Takes in what a provider said about its lost answer: whom it has served, and whether it is worth asking it again. */
export function afterAnswer(
  progress: Progress,
  provider: string,
  { found, doubt }: { readonly found: ReadonlySet<string>; readonly doubt: Pick<Doubt, 'asked' | 'settled'> },
): Progress {
  const recipients = mapPending(progress, (one) => {
    if (!one.unknownAt.includes(provider)) return one;
    if (found.has(one.address)) return { ...one, end: 'accepted' };
    return { ...one, waiting: one.waiting || !doubt.settled };
  }).recipients;
  const doubts = progress.doubts.map((one) => (one.provider === provider ? { ...one, ...doubt } : one));
  return { ...progress, recipients, doubts };
}

function mapPending(progress: Progress, change: (one: RecipientProgress) => RecipientProgress): Progress {
  return { ...progress, recipients: progress.recipients.map((one) => (one.end ? one : change(one))) };
}

/** Takes back the end of these recipients: what follows from it could not be done yet. */
export function reopen(progress: Progress, addresses: ReadonlySet<string>): Progress {
  const recipients = progress.recipients.map(({ end, ...one }) =>
    end && !addresses.has(one.address) ? { ...one, end } : one,
  );
  return { ...progress, recipients };
}

/** What the next round must know. */
export function carry(progress: Progress): Carried {
  const votes = new Map<string, { provider: string; kind: Vote['kind']; recipients: number[] }>();
  progress.recipients.forEach((one, place) => {
    for (const kind of KINDS)
      for (const provider of one[LISTS[kind]]) {
        const vote = votes.get(`${kind} ${provider}`) ?? { provider, kind, recipients: [] };
        vote.recipients.push(place);
        votes.set(`${kind} ${provider}`, vote);
      }
  });
  const all = progress.recipients.length;
  return {
    attempts: progress.attempts,
    done: progress.recipients.flatMap((one, place) =>
      one.end === 'accepted' || one.end === 'suppressed' ? [place] : [],
    ),
    history: [...votes.values()].map(({ provider, kind, recipients }) => ({
      provider,
      kind,
      ...(recipients.length < all && { recipients }),
      ...(kind === 'unknown' && doubtOf(progress, provider)),
    })),
  };
}

function doubtOf({ doubts }: Progress, provider: string): Pick<Vote, 'at' | 'asked' | 'settled'> {
  const { at = 0, asked = 0, settled = false } = doubts.find((one) => one.provider === provider) ?? {};
  return { at, ...(asked > 0 && { asked }), ...(settled && { settled }) };
}

/** What two copies of one submission know together; neither of them takes anything back. */
export function join(a: Carried, b: Carried): Carried {
  const key = ({ provider, kind, recipients }: Vote) => JSON.stringify([provider, kind, recipients]);
  // Of two equal votes the one that was asked about more knows more.
  const votes = Map.groupBy([...a.history, ...b.history], key);
  return {
    attempts: Math.max(a.attempts, b.attempts),
    done: [...new Set([...a.done, ...b.done])].sort((x, y) => x - y),
    history: [...votes.values()].map((same) => same.reduce((best, one) => (rank(one) > rank(best) ? one : best))),
  };
}

function rank({ asked = 0, settled }: Vote): number {
  return asked + (settled ? 1_000 : 0);
}
