import type { Circuit } from './circuit.ts';
import type { AdmissionKind, CircuitReporter } from './circuit-reporter.ts';

/** Milliseconds after the deadline of a probe from which another worker may probe, since the process of the first worker may have ended. */
const LEASE_MARGIN_MS = 5_000;

/**
 * Result of an election: how the message is admitted, or `lost` if it is not the probe. `to`: the circuit that another worker has
 * written meanwhile, or `busy` if the table throttled the write or the write conflicted with other writes.
 */
export type ElectionResult = AdmissionKind | { readonly kind: 'lost'; readonly to: Circuit['kind'] | 'busy' };

/**
 * The election of one probe among all workers: the first worker that writes its lease to the table may send the probe. Also tells
 * the other workers whether the answer to a probe of this worker is slow.
 */
export class ProbeElection {
  readonly #reporter: CircuitReporter;
  readonly #worker: string;
  #probes = 0;

  /** `worker`: name of this worker, which no other worker has. */
  constructor(reporter: CircuitReporter, worker: string) {
    this.#reporter = reporter;
    this.#worker = worker;
  }

  /** Applies for the probe of a provider whose open time is over. `deadlineMs`: time limit of an attempt, in milliseconds. */
  async elect(key: string, deadlineMs: number): Promise<ElectionResult> {
    this.#probes += 1;
    const by = `${this.#worker}-${this.#probes}`;
    const election = { by, leaseMs: deadlineMs + LEASE_MARGIN_MS };
    const elected = await this.#reporter.briefly(this.#reporter.elect(key, election));
    if (elected === 'busy') return { kind: 'lost', to: 'busy' };
    // While the table does not answer there is no election, so each worker probes the provider independently.
    if (!elected) return { kind: 'usual' };
    const { circuit } = elected;
    const isElected = circuit.kind === 'half-open' && circuit.probe?.by === by;
    return isElected ? { kind: 'elected', by } : { kind: 'lost', to: circuit.kind };
  }

  /** Reports that the provider has not answered a probe of this worker yet. Waits only a short time for the table. */
  async reportSlow(key: string, deadlineMs: number): Promise<void> {
    const slow = { kind: 'slow', by: this.#worker, leaseMs: deadlineMs + LEASE_MARGIN_MS } as const;
    await this.#reporter.briefly(this.#reporter.report(key, slow));
  }

  /** Reports that the slow answer has arrived. Waits only a short time for the table. */
  async reportAnswered(key: string): Promise<void> {
    await this.#reporter.briefly(this.#reporter.report(key, { kind: 'answered', by: this.#worker }));
  }
}
