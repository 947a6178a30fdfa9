import type { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, FaultBoard } from './faults.ts';

/** Time in milliseconds until a connection that the fault has dropped is reset, unless the fault has a `delayMs`. */
const SILENCE_MS = 1_000;

/** The part of a socket that this file uses. */
interface Connection {
  once(event: 'close', listener: () => void): unknown;
  resetAndDestroy(): unknown;
}

/**
 * The open connections of one port. When a fault `forget` is set, the connections that are open at this time stop working, like
 * flows that a NAT gateway has dropped.
 */
export class KeptConnections {
  readonly #open = new Set<Connection>();
  #kept = new WeakSet<Connection>();

  /** @param listener - a server whose connections are tracked from their start */
  constructor(scope: string, faults: FaultBoard, listener?: Server) {
    listener?.on('connection', (socket) => this.watch(socket));
    faults.onChange(scope, (list) => {
      this.#kept = new WeakSet(list.some(({ network }) => network === 'forget') ? this.#open : []);
    });
  }

  watch(connection: Connection): void {
    this.#open.add(connection);
    connection.once('close', () => this.#open.delete(connection));
  }

  has(connection: Connection): boolean {
    return this.#kept.has(connection);
  }
}

/** Resets a connection after a time in which it gives no answer. A flow that a NAT gateway has dropped behaves in this way. */
export async function forget(connection: Connection, { delayMs = SILENCE_MS }: Fault): Promise<void> {
  await delay(delayMs, undefined, { ref: false });
  connection.resetAndDestroy();
}
