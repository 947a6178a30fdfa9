import type { Account } from '../providers/account.ts';
import type { Apart, Progress, Suppression, UnknownAttempt } from './progress.ts';
import { isRefusedByEnough, type VendorOf } from './votes.ts';

/** Result at one provider that later rounds need; `recipients` are positions in the recipient list, absent for all. */
export type Vote = Refusal | UnknownVote | SuppressedVote | ApartVote;

interface Refusal {
  readonly provider: string;
  readonly kind: 'refused' | 'unrecognised' | 'denied' | 'failed';
  readonly recipients?: readonly number[];
}

/** Attempts with an unknown outcome, as in {@link UnknownAttempt}. */
export interface UnknownVote {
  readonly provider: string;
  readonly kind: 'unknown';
  readonly recipients?: readonly number[];
  readonly account: Account;
  readonly at: number;
  /** Absent if it is `at`. */
  readonly last?: number;
  readonly asked?: number;
  readonly settled?: true;
  readonly wished?: true;
}

/** Suppressed recipients, as in {@link Suppression}, until their event was sent. */
interface SuppressedVote {
  readonly provider: string;
  readonly kind: 'suppressed';
  readonly recipients: readonly number[];
  readonly attempt: number;
  readonly reason: string;
}

/** Recipients to be offered by themselves, as in {@link Apart}; one vote for each group. */
interface ApartVote {
  readonly provider: string;
  readonly kind: 'apart';
  readonly recipients: readonly number[];
}

/** State of a submission between two rounds; positions count To, Cc and Bcc without repeats, from 0. */
export interface Carried {
  readonly attempts: number;
  readonly done: readonly number[];
  readonly history: readonly Vote[];
}

export const NOTHING_CARRIED: Carried = { attempts: 0, done: [], history: [] };

const LISTS = {
  refused: 'refusedBy',
  unrecognised: 'unrecognisedBy',
  denied: 'deniedBy',
  unknown: 'unknownAt',
  failed: 'failedAt',
} as const;
const KINDS = ['refused', 'unrecognised', 'denied', 'unknown', 'failed'] as const;
type Kind = (typeof KINDS)[number];

/** The progress at the start of a round. */
export function begin(addresses: readonly string[], carried: Carried, vendorOf: VendorOf): Progress {
  const by = (kind: Vote['kind'], place: number) => [
    ...new Set(
      carried.history
        .filter((vote) => vote.kind === kind && (vote.recipients?.includes(place) ?? true))
        .map((vote) => vote.provider),
    ),
  ];
  const untold = carried.history.flatMap((vote) => suppressionsOf(vote, addresses, carried.done));
  const unknown = carried.history.filter((vote) => vote.kind === 'unknown');
  return {
    attempts: carried.attempts,
    untold,
    apart: carried.history.flatMap((vote) => apartIn(vote, addresses)),
    doubts: [...Map.groupBy(unknown, ({ provider }) => provider).values()].flatMap(doubtIn),
    recipients: addresses.map((address, place) => {
      const refusedBy = by('refused', place);
      const isSuppressed = untold.some((one) => one.address === address);
      const isRefused = isRefusedByEnough(refusedBy, vendorOf);
      const end = carried.done.includes(place)
        ? 'accepted'
        : isSuppressed
          ? 'suppressed'
          : isRefused
            ? 'refused'
            : undefined;
      return {
        address,
        refusedBy,
        unrecognisedBy: by('unrecognised', place),
        deniedBy: by('denied', place),
        unknownAt: by('unknown', place),
        failedAt: by('failed', place),
        waiting: false,
        ...(end && { end }),
      };
    }),
  };
}

function suppressionsOf(vote: Vote, addresses: readonly string[], done: readonly number[]): readonly Suppression[] {
  if (vote.kind !== 'suppressed') return [];
  const { provider, attempt, reason } = vote;
  return vote.recipients.flatMap((place) => {
    const address = addresses[place];
    return address === undefined || done.includes(place) ? [] : [{ address, provider, attempt, reason }];
  });
}

function apartIn(vote: Vote, addresses: readonly string[]): readonly Apart[] {
  if (vote.kind !== 'apart') return [];
  return [{ provider: vote.provider, group: vote.recipients.flatMap((place) => addresses[place] ?? []) }];
}

/** The unknown attempts at one provider, which may be in several votes. */
function doubtIn(votes: readonly UnknownVote[]): readonly UnknownAttempt[] {
  const [first] = votes;
  if (first === undefined) return [];
  const { provider, account } = first;
  return [
    {
      provider,
      account,
      at: Math.min(...votes.map(({ at }) => at)),
      last: Math.max(...votes.map(lastOf)),
      asked: Math.max(...votes.map(({ asked = 0 }) => asked)),
      settled: votes.every(({ settled }) => settled),
      ...(votes.every(({ wished }) => wished) && { wished: true as const }),
    },
  ];
}

/** The state that the next round needs. */
export function carry(progress: Progress): Carried {
  const votes = new Map<string, { provider: string; kind: Kind; recipients: number[] }>();
  progress.recipients.forEach((one, place) => {
    for (const kind of KINDS)
      for (const provider of one[LISTS[kind]]) {
        const vote = votes.get(`${kind} ${provider}`) ?? { provider, kind, recipients: [] };
        vote.recipients.push(place);
        votes.set(`${kind} ${provider}`, vote);
      }
  });
  const all = progress.recipients.length;
  const untold = new Map(progress.untold.map((one) => [one.address, one]));
  return {
    attempts: progress.attempts,
    done: progress.recipients.flatMap((one, place) =>
      one.end === 'accepted' || (one.end === 'suppressed' && !untold.has(one.address)) ? [place] : [],
    ),
    history: [
      ...Array.from(votes.values(), ({ provider, kind, recipients }): Vote => {
        const some = recipients.length < all && { recipients };
        return kind === 'unknown'
          ? { provider, kind, ...some, ...doubtOf(progress, provider) }
          : { provider, kind, ...some };
      }),
      ...progress.recipients.flatMap(({ address }, place): Vote[] => {
        const one = untold.get(address);
        if (!one) return [];
        const { provider, attempt, reason } = one;
        return [{ provider, kind: 'suppressed', recipients: [place], attempt, reason }];
      }),
      ...progress.apart.flatMap(({ provider, group }): Vote[] => {
        const left = progress.recipients.flatMap(({ address, end }, place) =>
          group.includes(address) && end === undefined ? [place] : [],
        );
        return left.length === 0 ? [] : [{ provider, kind: 'apart', recipients: left }];
      }),
    ],
  };
}

function doubtOf({ doubts }: Progress, provider: string): Omit<UnknownVote, 'provider' | 'kind' | 'recipients'> {
  const doubt = doubts.find((one) => one.provider === provider);
  if (doubt === undefined) throw new Error(`the outcome at ${provider} is unknown, and no attempt there is`);
  const { account, at, last, asked, settled, wished } = doubt;
  return {
    account,
    at,
    ...(last > at && { last }),
    ...(asked > 0 && { asked }),
    ...(settled && { settled }),
    ...(wished && { wished }),
  };
}

/** Union of what two copies of one submission know. */
export function join(a: Carried, b: Carried): Carried {
  const key = ({ provider, kind, recipients }: Vote) => JSON.stringify([provider, kind, recipients]);
  const votes = Map.groupBy([...a.history, ...b.history], key);
  return {
    attempts: Math.max(a.attempts, b.attempts),
    done: [...new Set([...a.done, ...b.done])].sort((x, y) => x - y),
    history: [...votes.values()].map((same) => same.reduce(joinVotes)),
  };
}

/**
 * One of two votes of the same provider, kind and recipients. Of unknown attempts the vote with the latest attempt is
 * kept, since earlier look-ups say nothing about it, and of two such votes the one with more look-ups.
 */
function joinVotes(a: Vote, b: Vote): Vote {
  if (a.kind !== 'unknown' || b.kind !== 'unknown') return a;
  const { last: _last, ...kept } = isNewer(b, a) ? b : a;
  const at = Math.min(a.at, b.at);
  const last = Math.max(lastOf(a), lastOf(b));
  return { ...kept, at, ...(last > at && { last }) };
}

function isNewer(a: UnknownVote, b: UnknownVote): boolean {
  const looked = ({ asked = 0, settled }: UnknownVote) => asked + (settled ? 1_000 : 0);
  return lastOf(a) === lastOf(b) ? looked(a) > looked(b) : lastOf(a) > lastOf(b);
}

/** When the last of the attempts of a vote began, in epoch milliseconds. */
export function lastOf({ at, last = at }: UnknownVote): number {
  return last;
}
