import { hangUp, type Session } from './connection.ts';

/**
 * Longest idle time in milliseconds. Servers and NAT gateways drop idle connections silently, and a frozen Lambda function does
 * not notice it.
 */
const IDLE_MS = 5_000;

/**
 * Largest number of messages on one connection: servers end a session after a number of messages, and each server has its own
 * limit (Exchange Online, Postfix policies; 2026-11-28).
 */
const MOST_MAILS = 50;

interface Kept {
  readonly session: Session;
  readonly since: number;
  readonly timer: NodeJS.Timeout;
}

/** SMTP sessions of one provider that are kept open between messages, for a few seconds and a limited number of messages. */
export class IdleConnections {
  #kept: Kept[] = [];
  readonly #carried = new WeakMap<Session, number>();

  /**
   * Removes and returns the session that was used last. The clock decides whether its idle time is over, since timers stop in a
   * frozen function.
   */
  take(): Session | undefined {
    for (let entry = this.#kept.pop(); entry; entry = this.#kept.pop()) {
      clearTimeout(entry.timer);
      const { session, since } = entry;
      if (!session.connection.destroyed && Date.now() - since < IDLE_MS) return session;
      session.connection.close();
    }
    return undefined;
  }

  /** Keeps a session after it has carried one more message, or ends the session if it has carried {@link MOST_MAILS} messages. */
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
