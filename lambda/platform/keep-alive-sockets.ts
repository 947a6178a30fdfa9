import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { Agent, ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Idle time, in milliseconds, after which a kept-alive socket is not used again. NAT gateways drop idle connections, and do not inform the
 * client.
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

/** Runs `call`. Resolves with the result or the error of the call, and with the last HTTP request that the call made. */
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
 * Closes every kept-alive socket that has been idle for too long, of every library that uses Node's HTTP agents. Called before each request.
 * The socket time-out of an HTTP agent is not enough: timers do not run while Lambda freezes the process, and fire too late afterwards.
 */
export function dropStale(): void {
  const now = Date.now();
  for (const agent of agents)
    for (const socket of keptBy(agent)) {
      const age = now - (idleSince.get(socket) ?? now);
      // If the clock was set back, the age of the socket is unknown, so the socket is closed.
      if (age > IDLE_MS || age < 0) socket.destroy();
    }
}

/**
 * Closes the other kept-alive sockets of an HTTP agent after the connection of one socket was found to be lost. The NAT gateway has probably
 * dropped the connections of the other sockets also.
 */
export function dropBeside({ agent }: Request): void {
  for (const socket of keptBy(agent)) socket.destroy();
}

function keptBy(agent: Agent | undefined): readonly Socket[] {
  return Object.values(agent?.freeSockets ?? {}).flatMap((sockets) => sockets ?? []);
}
