import type { Item } from '../../lambda/platform/table.ts';

// The one place where the oracle knows how the ledger keeps a submission.

const PREFIX = 'submission/';

/** The submission whose item this is; empty for items of other kinds. */
export function submissionOf(pk: string): string {
  return pk.startsWith(PREFIX) ? pk.slice(PREFIX.length) : '';
}

export type RecordedAttempt = Readonly<Record<string, unknown>>;

/** The attempts that an item has. */
export function attemptsOf(item: Item | undefined): readonly RecordedAttempt[] {
  return (item?.['attempts'] as readonly RecordedAttempt[] | undefined) ?? [];
}

/** Tells one attempt of a submission from the others. */
export function attemptName({ number, provider, begun }: RecordedAttempt): string {
  return `${number} ${provider} ${begun}`;
}

/** Fields of a later release that stood in the item before and are gone. */
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
