import { hangUp, type Session } from './connection.ts';

/** Servers and NAT gateways drop idle connections without notice, and a frozen function cannot detect it. */
const IDLE_MS = 5_000;

/**
 * Messages on one connection: servers end longer sessions, each at its own limit (Exchange Online, Postfix policies;
 * 2026-11-28).
 */
const MOST_MAILS = 50;

interface Kept {
  readonly session: Session;
  readonly since: number;
  readonly timer: NodeJS.Timeout;
}

/** Sessions kept between the sends of one provider, for a few seconds and a limited number of messages. */
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

  /** Keeps a session after one more message. */
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
