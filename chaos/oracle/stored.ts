import type { Item } from '../../lambda/platform/table.ts';

// The only place where the oracle depends on the form of the table's items.

const PREFIX = 'submission/';

/** Id of the submission of a record; empty for other items. */
export function submissionOf(pk: string): string {
  return pk.startsWith(PREFIX) ? pk.slice(PREFIX.length) : '';
}

/** Provider whose circuit closes with this write; undefined if none does. */
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

/** The attempts that an item has. */
export function attemptsOf(item: Item | undefined): readonly RecordedAttempt[] {
  return (item?.['attempts'] as readonly RecordedAttempt[] | undefined) ?? [];
}

/** Name of an attempt that is unique within its submission. */
export function attemptName({ worker, number }: RecordedAttempt): string {
  return `${worker} ${number}`;
}

/** Fields of a later release that the item had before and lacks now. */
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
