import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { Agent, ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

/** Longest idle time of a kept socket that is used again: NAT gateways drop flows without notice. */
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

/** Runs a call; resolves with its result and the last HTTP request that it made. */
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
 * Closes every kept socket that has been idle for too long, whatever library keeps it; called before a request. The
 * time-out of an agent is not enough: timers stand still while a function is frozen, and fire too late afterwards.
 */
export function dropStale(): void {
  const now = Date.now();
  for (const agent of agents)
    for (const socket of keptBy(agent)) {
      const age = now - (idleSince.get(socket) ?? now);
      // If the clock was set back, the age of the socket is unknown, so it is closed.
      if (age > IDLE_MS || age < 0) socket.destroy();
    }
}

/** Closes the other kept sockets of an agent after one was found dead: they were idle as long, behind the same gateway. */
export function dropBeside({ agent }: Request): void {
  for (const socket of keptBy(agent)) socket.destroy();
}

function keptBy(agent: Agent | undefined): readonly Socket[] {
  return Object.values(agent?.freeSockets ?? {}).flatMap((sockets) => sockets ?? []);
}
