import type { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, FaultBoard } from './faults.ts';

/** How long a forgotten connection says nothing before it is reset, unless the fault has a `delayMs`. */
const SILENCE_MS = 1_000;

/** The part of a socket that matters here. */
interface Connection {
  once(event: 'close', listener: () => void): unknown;
  resetAndDestroy(): unknown;
}

/** The connections of one port, and which of them stood when a fault was set that forgets them, as a NAT gateway does. */
export class KeptConnections {
  readonly #open = new Set<Connection>();
  #kept = new WeakSet<Connection>();

  /** @param listener - a server whose connections are watched from their begin */
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

/** Silence, then a reset: what a NAT gateway makes of a connection that it has forgotten. */
export async function forget(connection: Connection, { delayMs = SILENCE_MS }: Fault): Promise<void> {
  await delay(delayMs, undefined, { ref: false });
  connection.resetAndDestroy();
}
