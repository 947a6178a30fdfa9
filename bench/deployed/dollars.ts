import { setTimeout as pause } from 'node:timers/promises';
import type { Figure } from '../figure.ts';
import { startRig } from './rig.ts';

/** Prices in dollars of us-east-1, 2026-11, on demand and without the free tier (aws.amazon.com, pricing of each service). */
const PRICE = {
  /** A million write units of DynamoDB. */
  writeUnits: 0.625,
  /** A gigabyte-second of Lambda on arm64. */
  gigabyteSecond: 0.0000133334,
  /** A million invocations. */
  invocations: 0.2,
  /** A million requests of SQS. */
  requests: 0.4,
  /** A gigabyte of log. */
  log: 0.5,
};

const SIZE = 10;
const BATCHES = 40;
/** Time of a provider for its answer, in milliseconds. */
const LATENCY_MS = 200;
const MEMORY_GB = 0.5;
/** Bytes that CloudWatch adds to each event of the log, and that Lambda writes about an invocation. */
const LINE_BYTES = 26;
const INVOCATION_BYTES = 350;
const MOST = 1.8;

/** Dollars for a million mails of 10 KB that Postmark accepts at once, in full batches, without delivery events. */
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
        table: units * PRICE.writeUnits,
        lambda: ((seconds * MEMORY_GB) / SIZE) * PRICE.gigabyteSecond * 1e6 + PRICE.invocations / SIZE,
        // One receive and one delete for each batch; the producer pays for its own request.
        queue: (2 / SIZE) * PRICE.requests,
        log: (bytes * 1e6 * PRICE.log) / 1e9,
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
