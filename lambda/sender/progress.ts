import type { AttemptResult, Outcome } from '../mail/outcome.ts';

/** How a submission ended for one recipient. `refused` needs two providers, or all that may be used; `held` is an unknown answer under policy `hold`. */
export type End = 'accepted' | 'suppressed' | 'refused' | 'held';

/** Where one recipient stands, over all retries. */
export interface RecipientProgress {
  readonly address: string;
  readonly end?: End;
  /** Keys of the providers that called the message bad for this recipient. */
  readonly refusedBy: readonly string[];
  /** Keys of the providers whose answer was lost. */
  readonly unknownAt: readonly string[];
  /** In this round no further provider is tried, because one may have taken the mail. */
  readonly waiting: boolean;
}

/** Where a submission stands. */
export interface Progress {
  readonly recipients: readonly RecipientProgress[];
  /** Attempts so far, over all retries. */
  readonly attempts: number;
  readonly lastProvider?: string;
}

/** A vote that outlives a retry; `recipients` are places in the recipient list, absent for all. */
export interface Vote {
  readonly provider: string;
  readonly kind: 'refused' | 'unknown';
  readonly recipients?: readonly number[];
}

/** What a retry carries from the rounds before; places count To, Cc and Bcc without repeats, from 0. */
export interface Carried {
  readonly attempts: number;
  readonly done: readonly number[];
  readonly history: readonly Vote[];
}

export const NOTHING_CARRIED: Carried = { attempts: 0, done: [], history: [] };

/** How an unknown answer is treated: wait, then another provider; another provider at once; or never again. */
export type OnUnknown = 'ask' | 'failover' | 'hold';

/** Two different providers must agree before a message is declared bad. */
const QUORUM = 2;

/** The state at the begin of a round. */
export function begin(addresses: readonly string[], carried: Carried, onUnknown: OnUnknown): Progress {
  const by = (kind: Vote['kind'], place: number) =>
    carried.history
      .filter((vote) => vote.kind === kind && (vote.recipients?.includes(place) ?? true))
      .map((vote) => vote.provider);
  return {
    attempts: carried.attempts,
    recipients: addresses.map((address, place) => {
      const refusedBy = by('refused', place);
      const unknownAt = by('unknown', place);
      const end = carried.done.includes(place)
        ? 'accepted'
        : refusedBy.length >= QUORUM
          ? 'refused'
          : unknownAt.length > 0 && onUnknown === 'hold'
            ? 'held'
            : undefined;
      return { address, refusedBy, unknownAt, waiting: false, ...(end && { end }) };
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
  /** Recipients that this provider will not mail, with its reason. */
  readonly suppressed: readonly { readonly address: string; readonly reason: string; readonly detail?: string }[];
}

/** Takes in the result of an attempt that was offered `offered`. */
export function afterAttempt(
  progress: Progress,
  provider: string,
  offered: readonly string[],
  result: AttemptResult,
  onUnknown: OnUnknown,
): Consequences {
  const contradicted = new Set<string>();
  const suppressed: { address: string; reason: string; detail?: string }[] = [];
  const recipients = progress.recipients.map((one) => {
    if (!offered.includes(one.address) || one.end) return one;
    const outcome = result.recipients?.get(one.address) ?? result.outcome;
    if (outcome.kind === 'accepted') for (const key of one.refusedBy) if (key !== provider) contradicted.add(key);
    if (outcome.kind === 'refused' && outcome.blames === 'recipient')
      suppressed.push({
        address: one.address,
        reason: outcome.reason,
        ...(outcome.detail && { detail: outcome.detail }),
      });
    return step(one, provider, outcome, onUnknown);
  });
  return {
    progress: { recipients, attempts: progress.attempts + 1, lastProvider: provider },
    contradicted: [...contradicted],
    suppressed,
  };
}

function step(one: RecipientProgress, provider: string, outcome: Outcome, onUnknown: OnUnknown): RecipientProgress {
  switch (outcome.kind) {
    case 'accepted':
      return { ...one, end: 'accepted' };
    case 'throttled':
    case 'unavailable':
      return one;
    case 'unknown': {
      const unknownAt = [...new Set([...one.unknownAt, provider])];
      if (onUnknown === 'hold') return { ...one, unknownAt, end: 'held' };
      return { ...one, unknownAt, waiting: onUnknown === 'ask' };
    }
    case 'refused': {
      if (outcome.blames === 'recipient') return { ...one, end: 'suppressed' };
      const refusedBy = [...new Set([...one.refusedBy, provider])];
      return { ...one, refusedBy, ...(refusedBy.length >= QUORUM && { end: 'refused' as const }) };
    }
  }
}

/** Declares the message bad for those whom every provider that may be used has refused: nobody is left to ask. */
export function declareRefused(progress: Progress, usable: readonly string[]): Progress {
  return {
    ...progress,
    recipients: progress.recipients.map((one) =>
      !one.end && usable.length > 0 && usable.every((key) => one.refusedBy.includes(key))
        ? { ...one, end: 'refused' }
        : one,
    ),
  };
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
    for (const kind of ['refused', 'unknown'] as const)
      for (const provider of kind === 'refused' ? one.refusedBy : one.unknownAt) {
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
    history: [...votes.values()].map(({ provider, kind, recipients }) =>
      recipients.length === all ? { provider, kind } : { provider, kind, recipients },
    ),
  };
}
