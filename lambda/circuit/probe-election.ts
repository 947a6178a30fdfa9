import type { Circuit } from './circuit.ts';
import type { AdmissionKind, CircuitReporter } from './circuit-reporter.ts';

/**
 * Milliseconds from the deadline of a probe until another worker may send a probe. This is needed since the process of the first
 * worker may have ended.
 */
const LEASE_MARGIN_MS = 5_000;

/**
 * Result of an election: how the message is admitted, or `lost` if the message is not the probe. `to`: the state of the circuit
 * that another worker has written in the meantime, or `busy` if the table throttled the write or the write conflicted with other
 * writes.
 */
export type ElectionResult = AdmissionKind | { readonly kind: 'lost'; readonly to: Circuit['kind'] | 'busy' };

/**
 * The election of one probe among all workers. A probe is a single message that tests whether a provider works. The first worker
 * that writes its lease to the table may send the probe. This class also tells the other workers whether the answer to a probe of
 * this worker is slow.
 */
export class ProbeElection {
  readonly #reporter: CircuitReporter;
  readonly #worker: string;
  #probes = 0;

  /** `worker`: unique name of this worker. */
  constructor(reporter: CircuitReporter, worker: string) {
    this.#reporter = reporter;
    this.#worker = worker;
  }

  /**
   * Asks for permission to send a probe to a provider. Called when the open time of the provider's circuit is over. `deadlineMs`:
   * time limit of an attempt, in milliseconds.
   */
  async elect(key: string, deadlineMs: number): Promise<ElectionResult> {
    this.#probes += 1;
    const by = `${this.#worker}-${this.#probes}`;
    const election = { by, leaseMs: deadlineMs + LEASE_MARGIN_MS };
    const elected = await this.#reporter.briefly(this.#reporter.elect(key, election));
    if (elected === 'busy') return { kind: 'lost', to: 'busy' };
    // While the table does not answer, there is no election, and each worker may send a probe of its own.
    if (!elected) return { kind: 'usual' };
    const { circuit } = elected;
    const isElected = circuit.kind === 'half-open' && circuit.probe?.by === by;
    return isElected ? { kind: 'elected', by } : { kind: 'lost', to: circuit.kind };
  }

  /**
   * Tells the other workers that the provider has not answered a probe of this worker yet. Waits only a short time for the table.
   */
  async reportSlow(key: string, deadlineMs: number): Promise<void> {
    const slow = { kind: 'slow', by: this.#worker, leaseMs: deadlineMs + LEASE_MARGIN_MS } as const;
    await this.#reporter.briefly(this.#reporter.report(key, slow));
  }

  /** Tells the other workers that the slow answer to the probe has arrived. Waits only a short time for the table. */
  async reportAnswered(key: string): Promise<void> {
    await this.#reporter.briefly(this.#reporter.report(key, { kind: 'answered', by: this.#worker }));
  }
}
