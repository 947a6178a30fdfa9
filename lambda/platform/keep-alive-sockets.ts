import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { Agent, ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Longest idle time, in milliseconds, after which a keep-alive connection is used again. A NAT gateway drops a connection that
 * has been idle for minutes, and does not inform the client.
 */
export const IDLE_MS = 5_000;

type Request = ClientRequest & { readonly agent?: Agent };

const agents = new Set<Agent>();
const idleSince = new WeakMap<Socket, number>();
const watched = new AsyncLocalStorage<{ request?: Request }>();

subscribe('http.client.request.created', (event) => {
  const { request } = event as { request: Request };
  if (request.agent) agents.add(request.agent);
  const watch = watched.getStore();
  if (watch) watch.request = request;
  request.once('socket', (socket: Socket) => {
    request.once('close', () => idleSince.set(socket, Date.now()));
  });
});

/**
 * Runs `call`. Resolves with the result or the error of the call, and with the last HTTP request that the call made, if it made a
 * request.
 */
export async function watchRequest<T>(
  call: () => Promise<T>,
): Promise<{ result: T; request?: Request } | { error: unknown; request?: Request }> {
  const watch: { request?: Request } = {};
  try {
    const result = await watched.run(watch, call);
    return { result, ...watch };
  } catch (error) {
    return { error, ...watch };
  }
}

/**
 * Closes each keep-alive socket of Node's HTTP agents that has been idle for longer than {@link IDLE_MS}, including sockets of
 * other libraries. Called before each HTTP call to AWS or to a provider. The socket time-out of an HTTP agent is not enough:
 * timers do not run while Lambda freezes the process, and fire too late afterwards.
 */
export function dropStale(): void {
  const now = Date.now();
  for (const agent of agents)
    for (const socket of keptBy(agent)) {
      const idleMs = now - (idleSince.get(socket) ?? now);
      // If the clock was set back, the idle time of the socket is unknown, so the socket is closed.
      if (idleMs > IDLE_MS || idleMs < 0) socket.destroy();
    }
}

/**
 * Closes all idle sockets of the HTTP agent of a request. Called after a request over a reused connection has failed: if a NAT
 * gateway dropped this connection, it has probably dropped the idle connections also.
 */
export function dropBeside({ agent }: Request): void {
  for (const socket of keptBy(agent)) socket.destroy();
}

function keptBy(agent: Agent | undefined): readonly Socket[] {
  return Object.values(agent?.freeSockets ?? {}).flatMap((sockets) => sockets ?? []);
}
