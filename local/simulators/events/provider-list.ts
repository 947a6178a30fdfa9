import { defined } from '../../../lambda/platform/defined.ts';

/** An address on a suppression list of a provider. */
export interface Listed {
  readonly address: string;
  readonly reason: 'bounce' | 'complaint';
  /** Time from which the address is on the list, in epoch milliseconds. */
  readonly at: number;
  /** Reply of the receiving mail server that was the reason for the entry. */
  readonly words?: string;
}

/** A suppression list of a provider, that is, a list of addresses to which the provider sends no mail. */
export class SimulatedList {
  readonly #entries = new Map<string, Listed>();

  /**
   * Adds an address to the list, unless the list already has it. The entry applies from the time `at` (epoch milliseconds of real
   * time), which may be in the future.
   */
  add(address: string, reason: Listed['reason'], at = Date.now(), words?: string): void {
    if (this.get(address)) return;
    this.#entries.set(address.toLowerCase(), { address, reason, at, ...defined({ words }) });
  }

  /** Returns the entry of an address; undefined if the address is not on the list or its entry does not apply yet. */
  get(address: string): Listed | undefined {
    const found = this.#entries.get(address.toLowerCase());
    return found && found.at <= Date.now() ? found : undefined;
  }

  /** Removes an address from the list; returns false if the address was not on the list. */
  remove(address: string): boolean {
    return this.get(address) !== undefined && this.#entries.delete(address.toLowerCase());
  }

  /** Returns the entries that apply now, the oldest entry first. */
  all(): readonly Listed[] {
    return [...this.#entries.values()].filter(({ at }) => at <= Date.now());
  }

  clear(): void {
    this.#entries.clear();
  }
}
