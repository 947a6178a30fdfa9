import { defined } from '../../../lambda/platform/defined.ts';

/** An address on a suppression list of a provider. */
export interface Listed {
  readonly address: string;
  readonly reason: 'bounce' | 'complaint';
  /** Time from which the address is on the list, in epoch milliseconds. */
  readonly at: number;
  /** Reply of the receiving mail server because of which the address was put on the list. */
  readonly words?: string;
}

/** A suppression list of a provider: addresses to which the provider sends no mail. */
export class SimulatedList {
  readonly #entries = new Map<string, Listed>();

  /** Puts an address on the list. The entry applies from the time `at`, which may be in the future. */
  add(address: string, reason: Listed['reason'], at = Date.now(), words?: string): void {
    if (this.get(address)) return;
    this.#entries.set(address.toLowerCase(), { address, reason, at, ...defined({ words }) });
  }

  get(address: string): Listed | undefined {
    const found = this.#entries.get(address.toLowerCase());
    return found && found.at <= Date.now() ? found : undefined;
  }

  /** Removes an address from the list; returns false if the address was not on the list. */
  remove(address: string): boolean {
    return this.get(address) !== undefined && this.#entries.delete(address.toLowerCase());
  }

  /** Returns the entries, the oldest entry first. */
  all(): readonly Listed[] {
    return [...this.#entries.values()].filter(({ at }) => at <= Date.now());
  }

  clear(): void {
    this.#entries.clear();
  }
}
