import type { Live } from '../api/live.ts';
import type { StackClock } from '../clock.ts';
import type { LocalCloudWatch } from '../cloudwatch/monitoring.ts';
import type { FaultBoard } from '../faults/faults.ts';
import type { OwnHosts } from '../network/own-hosts.ts';

/** The options and parts that all steps of the stack's start use. */
export interface Start {
  /** Base port of the servers. */
  readonly base: number;
  readonly own: OwnHosts;
  readonly clock: StackClock;
  readonly faults: FaultBoard;
  readonly monitoring: LocalCloudWatch;
  /** The parts of the stack that have been started so far. Each step adds the parts that it starts. */
  readonly live: Live;
  /**
   * Functions that close the parts of the stack, in the order in which the parts were started. The functions are called in
   * reverse order.
   */
  readonly closers: (() => Promise<unknown>)[];
  /** The work directory of the stack. It is deleted when the stack is closed. */
  readonly directory: string;
  /** Path of the CDK app that the stack runs, relative to the root of the repository; undefined for the default app. */
  readonly app: string | undefined;
  /** File for the functions' output; undefined for a file in `directory`. */
  readonly logFile: string | undefined;
  /** Aborting this signal cancels the start. */
  readonly signal: AbortSignal;
  /** Called with each line that a function prints. */
  onOutput(text: string): void;
}
