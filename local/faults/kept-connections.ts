import type { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, FaultBoard } from './faults.ts';

/**
 * Default time in milliseconds from the first request on a dropped connection until the connection is reset. The `delayMs` of the
 * fault replaces this default.
 */
const SILENCE_MS = 1_000;

/** The methods of a socket that this file uses. */
interface Connection {
  once(event: 'close', listener: () => void): unknown;
  resetAndDestroy(): unknown;
}

/**
 * Tracks the open connections of one port. When a fault `forget` is set, the connections that are open at this time stop working,
 * like flows that a NAT gateway has dropped.
 */
export class KeptConnections {
  readonly #open = new Set<Connection>();
  #kept = new WeakSet<Connection>();

  /** @param listener - server whose connections are all tracked. Without it, the caller passes each connection to `watch`. */
  constructor(scope: string, faults: FaultBoard, listener?: Server) {
    listener?.on('connection', (socket) => this.watch(socket));
    faults.onChange(scope, (list) => {
      this.#kept = new WeakSet(list.some(({ network }) => network === 'forget') ? this.#open : []);
    });
  }

  /** Tracks a connection until it is closed. */
  watch(connection: Connection): void {
    this.#open.add(connection);
    connection.once('close', () => this.#open.delete(connection));
  }

  /** Whether a fault `forget` is set, and the connection was already open when the fault was set. */
  has(connection: Connection): boolean {
    return this.#kept.has(connection);
  }
}

/**
 * Resets a connection after a time without an answer, like a connection whose flow a NAT gateway has dropped. The default time is
 * 1 s.
 */
export async function forget(connection: Connection, { delayMs = SILENCE_MS }: Fault): Promise<void> {
  await delay(delayMs, undefined, { ref: false });
  connection.resetAndDestroy();
}
