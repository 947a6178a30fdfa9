import { createServer } from 'node:net';

/** Places of the servers after the base port; simulators take one port each from `simulators` on. */
export const PORTS = { api: 0, aws: 1, http: 2, dynamodb: 3, simulators: 10 } as const;

/** Ports that a stack may use in all, the base included. */
const SPAN = 32;
const RANGE = { from: 20_000, to: 32_000 } as const;

/** A base port whose whole range is free at this moment, below the range that systems give out by themselves. */
export async function pickBasePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const base = RANGE.from + SPAN * Math.floor(Math.random() * ((RANGE.to - RANGE.from) / SPAN));
    const free = await Promise.all(Array.from({ length: SPAN }, (_, offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no free range of ports was found on 127.0.0.1');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
