import { randomUUID } from 'node:crypto';
import { record } from '../record.ts';

// This child process runs one bundle in the same way as Lambda: it loads the module, and calls its handler with batches of mails.

/** A message from the parent process: how many batches to send one after the other, and how many mails each batch has. */
export interface Order {
  readonly batches: number;
  readonly size: number;
}

/**
 * The cost of one mail of an order, or the cost of the import. CPU time is the user and system time of this whole process, in
 * milliseconds.
 */
export interface Spent {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly mails: number;
}

const PARAGRAPH =
  'Dear Zoë, your order 4711 left our warehouse today. It has two parcels, and both of them should reach you by Friday. ';
const MAIL = {
  from: 'bench@example.com',
  subject: 'Your order is on its way',
  text: `${PARAGRAPH}\n`.repeat(17),
  html: `<html><body>${`<p style="margin:0">${PARAGRAPH}</p>\n`.repeat(57)}</body></html>`,
};

const [, , module = ''] = process.argv;
const cpuBefore = process.cpuUsage();
const begun = performance.now();
const { handler } = (await import(module)) as {
  handler(event: object, context: object): Promise<{ batchItemFailures?: readonly unknown[] } | undefined>;
};
const importMs = performance.now() - begun;
const importCpu = process.cpuUsage(cpuBefore);

process.on('message', async ({ batches, size }: Order) => {
  const events = Array.from({ length: batches }, () => ({
    Records: Array.from({ length: size }, () => record({ ...MAIL, id: randomUUID() })),
  }));
  const before = process.cpuUsage();
  const start = performance.now();
  for (const event of events) {
    const answer = await handler(event, { getRemainingTimeInMillis: () => 60_000 });
    if (answer?.batchItemFailures?.length) throw new Error(`kept: ${JSON.stringify(answer)}`);
  }
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  const mails = batches * size;
  process.send?.({ cpuMs: (user + system) / 1_000 / mails, wallMs: wallMs / mails, mails } satisfies Spent);
});
process.on('disconnect', () => process.exit());
process.send?.({ cpuMs: (importCpu.user + importCpu.system) / 1_000, wallMs: importMs, mails: 0 } satisfies Spent);
