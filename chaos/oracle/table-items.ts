import type { Item } from '../../lambda/platform/table.ts';

// Only this file of the oracle depends on the form of the items in the state table.

const PREFIX = 'submission/';

/** Returns the id of the submission whose record has this key; empty for a key of any other item of the table. */
export function submissionOf(pk: string): string {
  return pk.startsWith(PREFIX) ? pk.slice(PREFIX.length) : '';
}

/** Returns the provider whose circuit breaker this write closes; undefined if the write closes no circuit breaker. */
export function closedCircuit(item: Item, before: Item | undefined): string | undefined {
  const wasOpen = before !== undefined && kindOf(before) !== 'closed';
  return item.pk.startsWith(CIRCUIT) && wasOpen && kindOf(item) === 'closed'
    ? item.pk.slice(CIRCUIT.length)
    : undefined;
}

const CIRCUIT = 'circuit/';

function kindOf(item: Item): unknown {
  return (item['state'] as { readonly kind?: unknown } | undefined)?.kind;
}

export type RecordedAttempt = Readonly<Record<string, unknown>>;

export function attemptsOf(item: Item | undefined): readonly RecordedAttempt[] {
  return (item?.['attempts'] as readonly RecordedAttempt[] | undefined) ?? [];
}

/** Returns a name for an attempt; no two attempts of a submission have the same name. */
export function attemptName({ worker, number }: RecordedAttempt): string {
  return `${worker} ${number}`;
}

/** Returns the fields of a later release that the item had before this write and does not have after the write. */
export function forgottenFields(item: Item, before: Item | undefined): string[] {
  const attempts = new Map(attemptsOf(item).map((one) => [attemptName(one), one]));
  const ofAttempts = attemptsOf(before).some((one) => {
    const now = attempts.get(attemptName(one));
    return 'laterField' in one && now && !('laterField' in now);
  });
  return [
    ...Object.keys(before ?? {}).filter((field) => field.startsWith('later') && !(field in item)),
    ...(ofAttempts ? ['laterField of an attempt'] : []),
  ];
}
