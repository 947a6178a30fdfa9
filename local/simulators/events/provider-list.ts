import { defined } from '../../../lambda/platform/defined.ts';

/** An address on a list of a provider. */
export interface Listed {
  readonly address: string;
  readonly reason: 'bounce' | 'complaint';
  /** Time from which the address is on the list, in epoch milliseconds. */
  readonly at: number;
  /** The reply that it was listed for. */
  readonly words?: string;
}

/** A provider's own list of addresses that get no mail. */
export class SimulatedList {
  readonly #entries = new Map<string, Listed>();

  /** Puts an address on the list; `at` is the time from which it is listed, which may be in the future. */
  add(address: string, reason: Listed['reason'], at = Date.now(), words?: string): void {
    if (this.get(address)) return;
    this.#entries.set(address.toLowerCase(), { address, reason, at, ...defined({ words }) });
  }

  get(address: string): Listed | undefined {
    const found = this.#entries.get(address.toLowerCase());
    return found && found.at <= Date.now() ? found : undefined;
  }

  /** False if the address was not listed. */
  remove(address: string): boolean {
    return this.get(address) !== undefined && this.#entries.delete(address.toLowerCase());
  }

  /** The entries, the oldest first. */
  all(): readonly Listed[] {
    return [...this.#entries.values()].filter(({ at }) => at <= Date.now());
  }

  clear(): void {
    this.#entries.clear();
  }
}
