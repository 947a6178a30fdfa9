import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from '../../lib/functions/bundle.ts';
import { senderVariables } from '../environments.ts';
import type { Addresses, Counts } from './answers.ts';
import type { Order, Spent } from './runner.ts';

/** Provider types that are measured, with the options of their provider entries. */
export const MEASURED_TYPES = {
  postmark: {},
  mailgun: { domain: 'example.com' },
  ses: {},
  smtp: { host: 'localhost', tls: 'none' },
} as const;
export type MeasuredType = keyof typeof MEASURED_TYPES;

/** The variants that are compared: the product, the provider's SDK, and the provider's SDK with two writes to a table. */
export type Way = 'product' | 'sdk' | 'sdk-writes';

/** The bundles and servers that a comparison needs. */
export interface Rig {
  /** Returns the counts of the servers: mails and replies over SMTP, and write units of DynamoDB. */
  counts(): Promise<Counts>;
  /** Delays the answers of the simulated providers with HTTP APIs by this number of milliseconds. */
  delay(ms: number): Promise<void>;
  /** Starts a process, and resolves when the process has loaded the bundle. */
  start(way: Way, type: MeasuredType): Promise<Running>;
  close(): Promise<void>;
}

/** A process with a loaded bundle. */
export interface Running {
  readonly pid: number;
  /** CPU time and duration of the import of the bundle. */
  readonly imported: Spent;
  /** Returns the bytes and lines that the process has logged until now. */
  readonly logged: () => { readonly bytes: number; readonly lines: number };
  send(order: Order): Promise<Spent>;
  end(): Promise<void>;
}

/** Starts the servers. Bundles the compared functions in the same way as a deployment. */
export async function startRig(): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'mailover-bench-'));
  const server = fork(new URL('answers.ts', import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [addresses] = (await once(server, 'message')) as [Addresses];
  const built = new Map<string, string>();
  const bundle = async (way: Way, type: MeasuredType): Promise<string> => {
    const name = way === 'product' ? way : `${way}-${type}`;
    const known = built.get(name);
    if (known !== undefined) return known;
    build(await entryOf(way, type, folder), join(folder, name));
    const url = pathToFileURL(join(folder, name, 'index.mjs')).href;
    built.set(name, url);
    return url;
  };
  return {
    counts: async () => (await (await fetch(new URL('/counts', addresses.http))).json()) as Counts,
    delay: async (ms) => void (await fetch(new URL(`/latency/${ms}`, addresses.http))),
    async start(way, type) {
      const module = await bundle(way, type);
      const child = fork(new URL('runner.ts', import.meta.url), [module], {
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
        env: variables(addresses, type),
      });
      return running(child, (await answer(child)) as Spent);
    },
    async close() {
      server.disconnect();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function entryOf(way: Way, type: MeasuredType, folder: string): Promise<string> {
  if (way === 'product') return resolve('lambda/sender/handler.ts');
  const bare = join(import.meta.dirname, 'bare', `${type}.ts`);
  if (way === 'sdk') return bare;
  const entry = join(folder, `${type}-writes.ts`);
  const writes = join(import.meta.dirname, 'bare', 'writes.ts');
  const text = `import { send } from ${JSON.stringify(bare)};\nimport { withWrites } from ${JSON.stringify(writes)};\nexport const handler = withWrites(send);\n`;
  await writeFile(entry, text);
  return entry;
}

function running(child: ChildProcess, imported: Spent): Running {
  let [bytes, lines] = [0, 0];
  child.stdout?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    for (const octet of chunk) if (octet === 0x0a) lines += 1;
  });
  return {
    pid: child.pid ?? 0,
    imported,
    logged: () => ({ bytes, lines }),
    async send(order) {
      const done = answer(child);
      child.send(order);
      return (await done) as Spent;
    },
    async end() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

/** Resolves with the next message from a child process. */
async function answer(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const exit = once(child, 'exit', { signal: over.signal }).then(([code]) => {
    throw new Error(`a measured process ended with exit code ${String(code)}`);
  });
  exit.catch(() => undefined);
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal: over.signal }), exit])) as [unknown];
    return message;
  } finally {
    over.abort();
  }
}

function variables({ http, smtp }: Addresses, type: MeasuredType): NodeJS.ProcessEnv {
  return {
    ...senderVariables([{ key: 'first', type, options: MEASURED_TYPES[type] }], {
      first: type === 'smtp' ? smtp : http,
    }),
    AWS_ENDPOINT_URL: http,
    BENCH_HTTP: http,
    BENCH_SMTP: smtp,
  };
}
