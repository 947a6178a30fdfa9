import { hangUp, type Session } from './connection.ts';

/**
 * Longest time, in milliseconds, for which a connection is idle and may be used again. Servers and NAT gateways end idle
 * connections, and a frozen Lambda function does not notice this.
 */
const IDLE_MS = 5_000;

/**
 * Largest number of messages on one connection. Servers end a session after a number of messages, which differs between servers
 * (Exchange Online, Postfix policies; 2026-11-28).
 */
const MOST_MAILS = 50;

interface IdleSession {
  readonly session: Session;
  readonly since: number;
  readonly timer: NodeJS.Timeout;
}

/**
 * Idle keep-alive sessions of one SMTP provider. A session stays open for {@link IDLE_MS} after a message, and sends
 * {@link MOST_MAILS} messages at most.
 */
export class IdleConnections {
  #idle: IdleSession[] = [];
  readonly #sentBySession = new WeakMap<Session, number>();

  /**
   * Removes and returns the session that became idle last; undefined if there is no usable session. The idle time is measured by
   * the clock too, since timers do not run in a frozen function.
   */
  take(): Session | undefined {
    for (let entry = this.#idle.pop(); entry; entry = this.#idle.pop()) {
      clearTimeout(entry.timer);
      const { session, since } = entry;
      if (!session.connection.destroyed && Date.now() - since < IDLE_MS) return session;
      session.connection.close();
    }
    return undefined;
  }

  /** Adds a session after a message was sent on it. If {@link MOST_MAILS} messages were sent on the session, ends it instead. */
  keep(session: Session): void {
    const sent = (this.#sentBySession.get(session) ?? 0) + 1;
    this.#sentBySession.set(session, sent);
    if (sent >= MOST_MAILS) {
      hangUp(session.connection);
      return;
    }
    const timer = setTimeout(() => {
      this.#idle = this.#idle.filter((entry) => entry.session !== session);
      hangUp(session.connection);
    }, IDLE_MS).unref();
    this.#idle.push({ session, since: Date.now(), timer });
  }

  close(): void {
    for (const { session, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      session.connection.close();
    }
  }
}
