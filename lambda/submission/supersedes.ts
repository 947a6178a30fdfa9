import type { Item, Table } from '../platform/table.ts';
import { recordKey } from './record.ts';

/**
 * Keys of the providers that had an earlier submission or what that one superseded, oldest first: those that accepted
 * it, and those of which nobody knows. Whoever sends it again hopes for another way.
 */
export function hadBy(entry: Item | undefined): readonly string[] {
  const before = Array.isArray(entry?.['had']) ? entry['had'] : [];
  const attempts = Array.isArray(entry?.['attempts']) ? entry['attempts'] : [];
  const keys = attempts.flatMap((attempt: unknown) => {
    const { provider, outcome = 'unknown' } = Object(attempt) as { provider?: unknown; outcome?: unknown };
    return outcome === 'accepted' || outcome === 'unknown' ? [provider] : [];
  });
  const all = [...before, ...keys].filter((key) => typeof key === 'string');
  return all.filter((key, place) => all.lastIndexOf(key) === place);
}

/** Reads {@link hadBy} of a submission from the ledger; one that cannot be read, or is not there, had nobody. */
export async function readHad(table: Table, submissionId: string): Promise<readonly string[]> {
  return table.get(recordKey(submissionId)).then(hadBy, () => []);
}
