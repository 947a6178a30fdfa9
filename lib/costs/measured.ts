import { PRICES } from './prices.ts';

/** Figures of the mail of 10 KB of docs/performance.md, measured on 2026-11-29 with Node 24.21 on two cores of an Intel Xeon. */
export const MEASURED = {
  /** Messages of a full batch. */
  batch: 10,
  /** CPU of a mail in a full batch, in milliseconds (`npm run bench -- cpu`), by type. */
  cpuMs: { postmark: 3.58, mailgun: 5.26, ses: 4.7, smtp: 3.9 } as Readonly<Record<string, number>>,
  /** Write units of a mail that is accepted at once (`npm run bench -- dollars`). */
  writeUnits: 2,
  /** Bytes of log of a mail, with what CloudWatch adds (`npm run bench -- dollars`). */
  logBytes: 430,
} as const;

/** Figures that nothing measures; each is named in the bill. */
export const ASSUMED = {
  /** Time of a provider for its answer, in seconds. */
  answerSeconds: 0.2,
  /** Further write units of a mail that has waited: two writes of a record of up to 2 KB instead of 1 KB. */
  writeUnitsOfWait: 2,
  /** Bytes that leave for a mail of 10 KB, with its form and TLS. */
  sentBytes: 13_000,
  /** Bytes of a mail's record, which the table keeps for thirty days. */
  recordBytes: 1_000,
  /** Months that a log is kept, as by default. */
  logMonths: 3,
  /** Seconds of a run of a function on a schedule: it waits for the slowest provider. */
  scheduledSeconds: 1,
  /** Units that a run of the health check reads and writes. */
  healthUnits: { reads: 40, writes: 2 },
  /**
   * Receives a month of a queue that is empty. Lambda polls it with five long polls of 20 seconds, and empty receives are billed
   * (docs.aws.amazon.com/lambda, services-sqs-scaling, and premiumsupport/knowledge-center/sqs-high-charges, read 2026-11-29).
   */
  receivesOfIdleQueue: (5 * 730 * 3_600) / 20,
  /** Seconds of a function for one delivery event, and bytes of its lines in the logs. */
  eventSeconds: 0.02,
  eventLogBytes: 600,
  /** Events of a delivered mail by type: accepted and delivered, of which Postmark has the second only. */
  eventsOfMail: { postmark: 1 } as Readonly<Record<string, number>>,
  /** Additional writes of a post by type: a token of Mailgun counts once, so it is kept. */
  tokenWrites: { mailgun: 1 } as Readonly<Record<string, number>>,
  /** Seconds of a batch that is only looked at, since its mail still has to wait. */
  lookSeconds: 0.03,
  /** Times that mail which waits goes through its retry queue in an hour: SQS hides a message for a quarter of an hour. */
  looksInHour: 4,
} as const;

/** Memory of a function that has one processor, in MB (docs.aws.amazon.com/lambda, configuration-memory, 2026-11-29). */
const MEMORY_OF_PROCESSOR = 1_769;

/** Duration of a full batch, in seconds: the answer time of the provider, and the CPU time of ten mails, divided by the share of a processor that the memory gives. */
export function batchSeconds(type: string, memoryMb: number): number {
  const cpuMs = MEASURED.cpuMs[type] ?? Math.max(...Object.values(MEASURED.cpuMs));
  const share = Math.min(1, memoryMb / MEMORY_OF_PROCESSOR);
  return ASSUMED.answerSeconds + (MEASURED.batch * cpuMs) / 1_000 / share;
}

/** Dollars of invocations of this length. */
export function invocations(number: number, seconds: number, memoryMb: number): number {
  return number * (PRICES.invocation.dollars + ((seconds * memoryMb) / 1_024) * PRICES.gigabyteSecond.dollars);
}
