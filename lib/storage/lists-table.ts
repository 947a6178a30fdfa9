import type { Construct } from 'constructs';
import { KeptTable } from './kept-table.ts';

/**
 * Table of lists that are read with Query, such as the delivery events of a submission. It is separate from the state table, so
 * that many accesses to one list cannot throttle the records of submissions.
 */
export class ListsTable extends KeptTable {
  /** If `throwAway` is true, the table is not protected from deletion. */
  constructor(scope: Construct, id: string, throwAway = false) {
    // A restore from a backup is not needed: no decision depends on a list alone, and providers can be asked for their events
    // again.
    super(scope, id, { throwAway, backup: false, sortKey: 'sk' });
  }
}
