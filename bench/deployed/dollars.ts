import { setTimeout as pause } from 'node:timers/promises';
import { ASSUMED, BATCH_REQUESTS, invocations, MEASURED } from '../../lib/costs/measured.ts';
import { PRICES } from '../../lib/costs/prices.ts';
import type { Figure } from '../figure.ts';
import { startRig } from './rig.ts';

const SIZE = MEASURED.batch;
const BATCHES = 40;
/** Time that a provider needs for its answer, in milliseconds. */
const LATENCY_MS = ASSUMED.answerSeconds * 1_000;
const MEMORY_MB = 512;
/**
 * Number of bytes that CloudWatch adds to each log event, and number of bytes that Lambda writes to the log for each invocation.
 */
const LINE_BYTES = 26;
const INVOCATION_BYTES = 350;
const MOST = 1.8;

/**
 * Measures the cost, in dollars, of a million mails of 10 KB that Postmark accepts at the first attempt, in full batches, without
 * delivery events.
 */
export async function measureDollars(): Promise<Figure[]> {
  const rig = await startRig();
  try {
    await rig.delay(LATENCY_MS);
    const process = await rig.start('product', 'postmark');
    try {
      await process.send({ batches: 5, size: SIZE });
      await pause(200);
      const [before, logged] = [await rig.counts(), process.logged()];
      const { wallMs, mails } = await process.send({ batches: BATCHES, size: SIZE });
      await pause(200);
      const units = ((await rig.counts()).writeUnits - before.writeUnits) / mails;
      const log = process.logged();
      const lines = log.lines - logged.lines;
      const bytes = (log.bytes - logged.bytes + lines * LINE_BYTES) / mails + INVOCATION_BYTES / SIZE;
      const seconds = (wallMs * SIZE) / 1_000;
      const dollars = {
        table: units * 1e6 * PRICES.writeUnit.dollars,
        lambda: invocations(1e6 / SIZE, seconds, MEMORY_MB),
        // The request that submits the mail is not included.
        queue: (BATCH_REQUESTS / SIZE) * 1e6 * PRICES.queueRequest.dollars,
        log: (bytes * 1e6 * PRICES.logIngestion.dollars) / 1e9,
      };
      const sum = Object.values(dollars).reduce((one, other) => one + other);
      const parts = Object.entries(dollars).map(([name, value]) => `${name} ${value.toFixed(2)}`);
      return [
        {
          name: 'dollars for a million mails, provider answers in 200 ms',
          value: `${sum.toFixed(2)} (${parts.join(', ')}; ${units.toFixed(2)} write units, ${seconds.toFixed(2)} s a batch, ${bytes.toFixed(0)} bytes of log a mail)`,
          target: { text: `at most ${MOST.toFixed(2)} with two writes`, met: sum <= MOST },
        },
      ];
    } finally {
      await process.end();
    }
  } finally {
    await rig.close();
  }
}
