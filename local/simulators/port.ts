import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';

const HOST = '127.0.0.1';

/**
 * A port on which a server listens. The port can be closed together with all its connections, and opened again with the same
 * number.
 */
export class Port {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #number: number;

  constructor(server: Server, number: number) {
    this.#server = server;
    this.#number = number;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** The port number. If the constructor got the number 0, the real number is known after the first `open`. */
  get number(): number {
    return this.#number;
  }

  async open(): Promise<void> {
    if (this.#server.listening) return;
    this.#server.listen(this.#number, HOST);
    await once(this.#server, 'listening');
    this.#number = (this.#server.address() as AddressInfo).port;
  }

  /** Stops listening and closes all connections immediately, since a connection that hangs would never end by itself. */
  async shut(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
