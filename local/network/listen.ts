import type { Server } from 'node:net';

/** Lets a server listen on a port of 127.0.0.1. Rejects if the port is in use. */
export function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}
