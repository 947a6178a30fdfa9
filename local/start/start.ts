import type { Live } from '../api/live.ts';
import type { StackClock } from '../clock.ts';
import type { LocalCloudWatch } from '../cloudwatch/monitoring.ts';
import type { FaultBoard } from '../faults/faults.ts';
import type { OwnHosts } from '../network/own-hosts.ts';

/** What the steps of a stack's start share. */
export interface Start {
  /** Base port of the servers. */
  readonly base: number;
  readonly own: OwnHosts;
  readonly clock: StackClock;
  readonly faults: FaultBoard;
  readonly monitoring: LocalCloudWatch;
  /** The parts of the stack. Each step adds the parts that it starts. */
  readonly live: Live;
  /** Functions that close the parts, in the order of the start. Each step adds its own; they are called in reverse order. */
  readonly closers: (() => Promise<unknown>)[];
  /** The stack's folder for files. It is deleted when the stack closes. */
  readonly directory: string;
  /** The CDK app to run; absent for the default app. */
  readonly app: string | undefined;
  /** File for the functions' output; absent for a file in `directory`. */
  readonly logFile: string | undefined;
  /** Aborting this signal cancels the start. */
  readonly signal: AbortSignal;
  /** Called with the functions' output. */
  onOutput(text: string): void;
}
