import type { Item, Table } from '../platform/table.ts';
import { recordKey } from './record.ts';

/**
 * Keys of the providers that accepted an earlier submission or one that it superseded, or whose answer is unknown; oldest
 * first. A submission that supersedes it tries other providers first.
 */
export function hadBy(record: Item | undefined): readonly string[] {
  const before = Array.isArray(record?.['had']) ? record['had'] : [];
  const attempts = Array.isArray(record?.['attempts']) ? record['attempts'] : [];
  const keys = attempts.flatMap((attempt: unknown) => {
    const { provider, outcome = 'unknown' } = Object(attempt) as { provider?: unknown; outcome?: unknown };
    return outcome === 'accepted' || outcome === 'unknown' ? [provider] : [];
  });
  const all = [...before, ...keys].filter((key) => typeof key === 'string');
  return all.filter((key, place) => all.lastIndexOf(key) === place);
}

/** Reads {@link hadBy} of a submission from its record; empty if the record does not exist or cannot be read. */
export async function readHad(table: Table, submissionId: string): Promise<readonly string[]> {
  return table.get(recordKey(submissionId)).then(hadBy, () => []);
}
