import type { Account } from '../contract/account.ts';
import { isRefusedByEnough, type Progress, type Suppression, type VendorOf } from './progress.ts';

/** A vote that outlives a retry; `recipients` are places in the recipient list, absent for all. */
export interface Vote {
  readonly provider: string;
  readonly kind: 'refused' | 'unrecognised' | 'denied' | 'unknown' | 'failed' | 'suppressed';
  readonly recipients?: readonly number[];
  /** With `unknown`: as in {@link Doubt}; absent in what the release 0.1 wrote. */
  readonly account?: Account;
  readonly at?: number;
  readonly asked?: number;
  readonly settled?: true;
  readonly wished?: true;
  /** With `suppressed`: as in {@link Suppression}; such a vote stands until the event is out, and names its recipients. */
  readonly attempt?: number;
  readonly reason?: string;
}

/** What a retry carries from the rounds before; places count To, Cc and Bcc without repeats, from 0. */
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

/** The state at the begin of a round. */
export function begin(addresses: readonly string[], carried: Carried, vendorOf: VendorOf): Progress {
  const by = (kind: Vote['kind'], place: number) => [
    ...new Set(
      carried.history
        .filter((vote) => vote.kind === kind && (vote.recipients?.includes(place) ?? true))
        .map((vote) => vote.provider),
    ),
  ];
  const untold = carried.history.flatMap((vote) => suppressionsOf(vote, addresses, carried.done));
  const unknown = carried.history.filter(({ kind }) => kind === 'unknown');
  return {
    attempts: carried.attempts,
    untold,
    doubts: [...Map.groupBy(unknown, ({ provider }) => provider)].map(([provider, votes]) => ({
      provider,
      ...accountIn(votes),
      at: Math.min(...votes.map(({ at = 0 }) => at)),
      asked: Math.max(...votes.map(({ asked = 0 }) => asked)),
      settled: votes.every(({ settled }) => settled),
      ...(votes.every(({ wished }) => wished) && { wished: true as const }),
    })),
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

function suppressionsOf(
  { kind, provider, recipients = [], attempt = 0, reason = '' }: Vote,
  addresses: readonly string[],
  done: readonly number[],
): readonly Suppression[] {
  if (kind !== 'suppressed') return [];
  return recipients.flatMap((place) => {
    const address = addresses[place];
    return address === undefined || done.includes(place) ? [] : [{ address, provider, attempt, reason }];
  });
}

/** What the next round must know. */
export function carry(progress: Progress): Carried {
  const votes = new Map<string, { provider: string; kind: (typeof KINDS)[number]; recipients: number[] }>();
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
      ...Array.from(votes.values(), ({ provider, kind, recipients }) => ({
        provider,
        kind,
        ...(recipients.length < all && { recipients }),
        ...(kind === 'unknown' && doubtOf(progress, provider)),
      })),
      ...progress.recipients.flatMap(({ address }, place): Vote[] => {
        const one = untold.get(address);
        if (!one) return [];
        const { provider, attempt, reason } = one;
        return [{ provider, kind: 'suppressed', recipients: [place], attempt, reason }];
      }),
    ],
  };
}

function accountIn(votes: readonly Vote[]): Pick<Vote, 'account'> {
  const account = votes.find((vote) => vote.account)?.account;
  return account ? { account } : {};
}

function doubtOf(
  { doubts }: Progress,
  provider: string,
): Pick<Vote, 'account' | 'at' | 'asked' | 'settled' | 'wished'> {
  const { account, at = 0, asked = 0, settled = false, wished } = doubts.find((one) => one.provider === provider) ?? {};
  return {
    ...(account && { account }),
    at,
    ...(asked > 0 && { asked }),
    ...(settled && { settled }),
    ...(wished && { wished }),
  };
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
