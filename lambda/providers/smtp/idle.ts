import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import { hangUp } from './connection.ts';

/** Servers and NAT gateways drop idle connections without a word, and a frozen function cannot notice. */
const IDLE_MS = 5_000;

interface Kept {
  readonly connection: SMTPConnection;
  readonly since: number;
  readonly timer: NodeJS.Timeout;
}

/** Connections kept between the sends of one provider, for a few seconds at most. */
export class IdleConnections {
  #kept: Kept[] = [];

  /** The connection used last, if one is young enough: timers stand still while a function is frozen, so the clock decides. */
  take(): SMTPConnection | undefined {
    for (let entry = this.#kept.pop(); entry; entry = this.#kept.pop()) {
      clearTimeout(entry.timer);
      if (!entry.connection.destroyed && Date.now() - entry.since < IDLE_MS) return entry.connection;
      entry.connection.close();
    }
    return undefined;
  }

  keep(connection: SMTPConnection): void {
    const timer = setTimeout(() => {
      this.#kept = this.#kept.filter((entry) => entry.connection !== connection);
      hangUp(connection);
    }, IDLE_MS).unref();
    this.#kept.push({ connection, since: Date.now(), timer });
  }

  close(): void {
    for (const { connection, timer } of this.#kept.splice(0)) {
      clearTimeout(timer);
      connection.close();
    }
  }
}
