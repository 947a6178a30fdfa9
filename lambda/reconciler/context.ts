import type { ReconciledProvider, ReconcilerEnvironment } from '../contract/reconciler-environment.ts';
import type { TakeDependencies } from '../inbound/take.ts';
import type { Log } from '../platform/log.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { InboundModule } from '../providers/inbound.ts';
import type { MissedModule, MissedSource } from '../providers/missed.ts';
import type { ReconcilerState } from './state.ts';

export interface ReconcilerDependencies extends TakeDependencies {
  readonly environment: ReconcilerEnvironment;
  readonly secrets: Secrets;
  readonly log: Log;
  readonly fetch: typeof fetch;
  loadInbound(type: string): Promise<InboundModule>;
  loadMissed(type: string): Promise<MissedModule>;
}

/** Dependencies of the check of one provider's received mail. */
export interface EnsureContext {
  readonly provider: ReconciledProvider;
  readonly source: MissedSource;
  readonly module: InboundModule;
  readonly secret: Readonly<Record<string, string>>;
  /** Number of seconds of stack time in one second of the real clock. It differs from 1 only on a local stack. */
  readonly scale: number;
  readonly memory: ReconcilerState;
  readonly dependencies: ReconcilerDependencies;
}
