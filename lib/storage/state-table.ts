import type { Construct } from 'constructs';
import { KeptTable } from './kept-table.ts';

/**
 * Table of the state that all function processes share: records of submissions, circuit breakers, switches of operators, and
 * records of received mail.
 */
export class StateTable extends KeptTable {
  /** If `throwAway` is true, the table is not protected from deletion. */
  constructor(scope: Construct, id: string, throwAway = false) {
    super(scope, id, { throwAway, backup: true });
  }
}
