import type { MirrorResult } from '../contract/suppression-command.ts';
import { reportError, ServiceError } from '../platform/service-failure.ts';
import type { OwnEntry, OwnList } from '../providers/own-list.ts';
import type { SuppressedAddress } from '../suppression/addresses.ts';
import type { SuppressionDoubt } from '../suppression/doubt.ts';
import { isOpen, isStronger, type Suppressions, withEnd } from '../suppression/list.ts';
import type { PendingRemovals } from '../suppression/removals.ts';

/** A provider that keeps its own suppression list. */
export interface Mirrored {
  readonly key: string;
  readonly list: OwnList;
  /** Largest number of entries that are added to the provider's list in one run. */
  readonly mostAdded: number;
}

/** Dependencies of one run, which compares the suppression list with the providers' own lists. */
export interface MirrorContext {
  readonly suppressions: Suppressions;
  readonly removals: PendingRemovals;
  readonly doubt: Pick<SuppressionDoubt, 'isDoubted' | 'doubtsImport'>;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Yields the addresses of the suppression list that may be copied to the providers' own lists. */
  readonly addresses: () => AsyncIterable<readonly SuppressedAddress[]>;
  /** Whether there is time to process another entry. */
  readonly hasTime: () => boolean;
}

/** Number of entries that are processed at the same time. */
const AT_A_TIME = 20;

/**
 * Imports the new entries of a provider's own suppression list. Imports no entry if the number of new entries is doubtful
 * (`doubtsImport`), and no operator has confirmed the import. If an operator removed an address from Mailover's suppression list
 * after the provider had listed it, the address is removed from the provider's list.
 */
export async function importList(
  { key, list }: Mirrored,
  { suppressions, doubt, now, hasTime }: MirrorContext,
  { known = new Set<string>(), isConfirmed = false } = {},
): Promise<MirrorResult> {
  let [imported, removed] = [0, 0];
  const wanted: OwnEntry[] = [];
  const look = async (entry: OwnEntry) => {
    const { address, reason, at } = entry;
    if (await suppressions.wasRemoved(address, at)) removed += (await list.remove(address)) === 'removed' ? 1 : 0;
    else if (isOpen(withEnd({ reason, at, source: key }), now())) wanted.push(entry);
  };
  const result = (outcome: MirrorResult['outcome']) => ({ provider: key, outcome, imported, added: 0, removed });
  for await (const page of list.entries()) {
    for (const { address } of page) known.add(address.toLowerCase());
    const listed = await suppressions.find(page.map(({ address }) => address));
    const changes = page.filter((entry) => {
      const there = listed.get(entry.address);
      return there === undefined || isStronger(entry, there);
    });
    await severalAtATime(changes, hasTime, look);
    if (!hasTime()) return result('behind');
  }
  if (!isConfirmed && (await doubt.doubtsImport(key, wanted.length)))
    return { ...result('doubted'), withheld: wanted.length };
  await severalAtATime(wanted, hasTime, async ({ address, reason, at }) => {
    if (await suppressions.add(address, { reason, source: key, at })) imported += 1;
  });
  return result(hasTime() ? 'done' : 'behind');
}

async function severalAtATime<T>(all: readonly T[], hasTime: () => boolean, work: (one: T) => Promise<void>) {
  const left = all.values();
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (const one of left) if (hasTime()) await work(one);
    }),
  );
}

/** Copies new entries of a provider's own list to the suppression list, and the other way round. Never throws. */
export async function mirror(provider: Mirrored, context: MirrorContext): Promise<MirrorResult> {
  const { key } = provider;
  const none = { provider: key, imported: 0, added: 0, removed: 0 };
  try {
    const { removed, left } = await removePending(provider, context);
    if (left > 0) return { ...none, outcome: 'behind', removed };
    if (await context.doubt.isDoubted(key)) return { ...none, outcome: 'doubted', removed };
    const known = new Set<string>();
    const taken = await importList(provider, context, { known });
    const result = { ...taken, removed: removed + taken.removed };
    if (taken.outcome !== 'done') return result;
    return { ...result, ...(await addOurs(provider, context, known)) };
  } catch (error) {
    return { ...none, outcome: 'failed', detail: errorDetail(error) };
  }
}

/**
 * Removes from a provider's own list the addresses whose removal from this list is still pending, as long as there is time.
 * `left`: number of removals that are still pending.
 */
export async function removePending(
  { key, list }: Mirrored,
  { suppressions, removals, hasTime }: Pick<MirrorContext, 'suppressions' | 'removals' | 'hasTime'>,
): Promise<{ readonly removed: number; readonly left: number }> {
  const pending = await removals.of(key);
  let removed = 0;
  for (const [place, { address, done }] of pending.entries()) {
    if (!hasTime()) return { removed, left: pending.length - place };
    // A later event may have put the address on Mailover's suppression list again.
    const isListed = (await suppressions.find([address])).has(address);
    if (!isListed && (await list.remove(address)) === 'removed') removed += 1;
    await done();
  }
  return { removed, left: 0 };
}

async function addOurs(
  { key, list, mostAdded }: Mirrored,
  { addresses, hasTime }: MirrorContext,
  known: ReadonlySet<string>,
): Promise<Pick<MirrorResult, 'outcome' | 'added'>> {
  if (list.add === undefined) return { outcome: 'done', added: 0 };
  let added = 0;
  for await (const some of addresses()) {
    const missing = some.flatMap(({ address, reason, source, at }): OwnEntry[] =>
      // Entries that operators added are for Mailover's own list only. Entries that came from the provider and are no longer
      // on its list were removed there.
      reason === 'manual' || source === key || known.has(address.toLowerCase()) ? [] : [{ address, reason, at }],
    );
    const wanted = missing.slice(0, mostAdded - added);
    if (wanted.length > 0) await list.add(wanted);
    added += wanted.length;
    if (wanted.length < missing.length || !hasTime()) return { outcome: 'behind', added };
  }
  return { outcome: 'done', added };
}

/** Returns the reason of a failed call, without addresses. */
export function errorDetail(error: unknown): string {
  const { error: name, detail } = reportError(error);
  return error instanceof ServiceError && detail !== undefined ? detail : name;
}
