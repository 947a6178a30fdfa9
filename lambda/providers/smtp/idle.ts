import { hangUp, type Session } from './connection.ts';

/** Servers and NAT gateways drop idle connections without a word, and a frozen function cannot notice. */
const IDLE_MS = 5_000;

/** Mails that one connection carries: servers end sessions that are longer, each at a limit of its own (Exchange Online, Postfix policies; 2026-11-28). */
const MOST_MAILS = 50;

interface Kept {
  readonly session: Session;
  readonly since: number;
  readonly timer: NodeJS.Timeout;
}

/** Sessions kept between the sends of one provider, for a few seconds and a bounded number of mails. */
export class IdleConnections {
  #kept: Kept[] = [];
  readonly #carried = new WeakMap<Session, number>();

  /** The session used last, if it is young enough: timers stand still while a function is frozen, so the clock decides. */
  take(): Session | undefined {
    for (let entry = this.#kept.pop(); entry; entry = this.#kept.pop()) {
      clearTimeout(entry.timer);
      const { session, since } = entry;
      if (!session.connection.destroyed && Date.now() - since < IDLE_MS) return session;
      session.connection.close();
    }
    return undefined;
  }

  /** Keeps a session that has carried one more mail. */
  keep(session: Session): void {
    const carried = (this.#carried.get(session) ?? 0) + 1;
    this.#carried.set(session, carried);
    if (carried >= MOST_MAILS) {
      hangUp(session.connection);
      return;
    }
    const timer = setTimeout(() => {
      this.#kept = this.#kept.filter((entry) => entry.session !== session);
      hangUp(session.connection);
    }, IDLE_MS).unref();
    this.#kept.push({ session, since: Date.now(), timer });
  }

  close(): void {
    for (const { session, timer } of this.#kept.splice(0)) {
      clearTimeout(timer);
      session.connection.close();
    }
  }
}
