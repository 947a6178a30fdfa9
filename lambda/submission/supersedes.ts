import type { Item, Table } from '../platform/table.ts';
import { recordKey } from './record.ts';

/**
 * Reads the keys of the providers that accepted, or may have accepted, a submission or any earlier submission that it superseded.
 * The provider with the latest attempt is last. The list is used for a new submission that supersedes this submission: the new
 * submission tries all other providers first. The list is empty if the record does not exist or cannot be read.
 */
export async function readAcceptedBy(table: Pick<Table, 'get'>, submissionId: string): Promise<readonly string[]> {
  return table.get(recordKey(submissionId)).then(acceptedBy, () => []);
}

function acceptedBy(record: Item | undefined): readonly string[] {
  const before = Array.isArray(record?.['acceptedBefore']) ? record['acceptedBefore'] : [];
  const attempts = Array.isArray(record?.['attempts']) ? record['attempts'] : [];
  const keys = attempts.flatMap((attempt: unknown) => {
    const { provider, outcome = 'unknown' } = Object(attempt) as { provider?: unknown; outcome?: unknown };
    return outcome === 'accepted' || outcome === 'unknown' ? [provider] : [];
  });
  const all = [...before, ...keys].filter((key) => typeof key === 'string');
  return all.filter((key, place) => all.lastIndexOf(key) === place);
}
