import type { Construct } from 'constructs';
import { KeptTable } from './kept-table.ts';

/**
 * Table of the state that the processes of the functions share, such as the records of submissions, the circuit breakers, the
 * isolations of providers by operators, the suppression list, and the records of received mail.
 */
export class StateTable extends KeptTable {
  /** If `throwAway` is true, the table is not protected from deletion. */
  constructor(scope: Construct, id: string, throwAway = false) {
    super(scope, id, { throwAway, backup: true });
  }
}
