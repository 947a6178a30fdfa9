import type { Construct } from 'constructs';
import { KeptTable } from './kept-table.ts';

/**
 * Table of lists that are read with Query, such as the delivery events of a submission. The lists are not in the state table,
 * since many accesses to one list could throttle the accesses to the records of submissions.
 */
export class ListsTable extends KeptTable {
  /** If `throwAway` is true, the table is not protected from deletion. */
  constructor(scope: Construct, id: string, throwAway = false) {
    // Point-in-time recovery is off, since no mail is lost if a list is lost: the records of submissions, the entries of the
    // suppression list and the pauses of classes of mail are in the state table.
    super(scope, id, { throwAway, backup: false, sortKey: 'sk' });
  }
}
