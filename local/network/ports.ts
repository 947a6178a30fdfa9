import { createServer } from 'node:net';

/**
 * Offset of each server's port from the base port. The simulators use consecutive ports, of which the first has the offset
 * `simulators`.
 */
export const PORTS = { api: 0, aws: 1, http: 2, dynamodb: 3, simulators: 10 } as const;

/** Number of ports that a stack may use, beginning with the base port. */
const SPAN = 32;
/** Range from which a base port is chosen. */
const RANGE = { from: 20_000, to: 32_000 } as const;

/** Ports to which browsers refuse to connect: "bad port" of the Fetch standard (fetch.spec.whatwg.org), 2026-11-28. */
const BLOCKED = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/**
 * Throws if one of the servers would have a port to which browsers do not connect.
 *
 * @throws Error whose text contains the refused port, and another base port that can be used
 */
export function checkPorts(base: number, simulators = 0): void {
  const offsets = [
    ...new Set(Object.values(PORTS)),
    ...Array.from({ length: simulators }, (_, at) => PORTS.simulators + at),
  ];
  const blocked = offsets.map((offset) => base + offset).find((port) => BLOCKED.has(port));
  if (blocked === undefined) return;
  throw new Error(
    `MAILOVER_PORT=${base} would use port ${blocked}, which browsers and fetch refuse to connect to (a "bad port" of the Fetch standard): choose another base, such as 4700.`,
  );
}

/**
 * Finds a base port for which all ports of the stack are free. They are lower than the ephemeral ports of the system. Rejects if
 * no such base port was found in 100 attempts.
 */
export async function pickBasePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const base = RANGE.from + SPAN * Math.floor(Math.random() * ((RANGE.to - RANGE.from) / SPAN));
    const free = await Promise.all(Array.from({ length: SPAN }, (_, offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no free range of ports was found on 127.0.0.1');
}

/** Whether a server can listen on a port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
