import type { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, FaultBoard } from './faults.ts';

/** Time until a dropped connection is reset, unless the fault has a `delayMs`. */
const SILENCE_MS = 1_000;

/** Fields of a socket that are used here. */
interface Connection {
  once(event: 'close', listener: () => void): unknown;
  resetAndDestroy(): unknown;
}

/** The connections of one port. Those that were open when a fault `forget` was set are dropped, as by a NAT gateway. */
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

/** A dropped connection gets no answer and then a reset, as from a NAT gateway. */
export async function forget(connection: Connection, { delayMs = SILENCE_MS }: Fault): Promise<void> {
  await delay(delayMs, undefined, { ref: false });
  connection.resetAndDestroy();
}
