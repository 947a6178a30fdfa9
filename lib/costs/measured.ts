import { PRICES } from './prices.ts';

/**
 * Figures for the mail of 10 KB that docs/performance.md describes, measured on 2026-11-29 with Node 24.21 on two cores of an
 * Intel Xeon.
 */
export const MEASURED = {
  /** Number of messages in a full batch. */
  batch: 10,
  /** CPU time of one mail in a full batch, in milliseconds (`npm run bench -- cpu`), by type of provider. */
  cpuMs: { postmark: 3.58, mailgun: 5.26, ses: 4.7, smtp: 3.9 } as Readonly<Record<string, number>>,
  /** Write units of DynamoDB for a mail that is accepted at the first attempt (`npm run bench -- dollars`). */
  writeUnits: 2,
  /** Bytes of log for one mail, including the bytes that CloudWatch adds (`npm run bench -- dollars`). */
  logBytes: 430,
} as const;

/**
 * Billed requests with which Lambda receives a full batch and deletes it. SQS bills each 64 KB of a request, so the 100 KB of ten
 * mails are two requests (aws.amazon.com/sqs/pricing, 2026-11-30).
 */
export const BATCH_REQUESTS = Math.ceil((MEASURED.batch * 10_000) / 65_536) + 1;

/** Figures that were assumed and not measured. */
export const ASSUMED = {
  /** Time until a provider answers, in seconds. */
  answerSeconds: 0.2,
  /**
   * Additional write units of DynamoDB for a mail that has waited. Each of its two writes needs two write units instead of one,
   * since its record has up to 2 KB instead of 1 KB.
   */
  writeUnitsOfWait: 2,
  /** Bytes that are sent to the provider for a mail of 10 KB, including the encoding of the request, and TLS. */
  sentBytes: 13_000,
  /** Bytes of the record of one submission. The state table keeps the record for thirty days. */
  recordBytes: 1_000,
  /** Number of months for which a log is kept (the default of `logRetention`). */
  logMonths: 3,
  /**
   * Duration of a scheduled run of a function, in seconds. Most of this time, the function waits for the answers of providers.
   */
  scheduledSeconds: 1,
  /** Read and write units of DynamoDB for one run of the health function. */
  healthUnits: { reads: 40, writes: 2 },
  /**
   * Number of ReceiveMessage calls on an empty queue in a month. Lambda runs five long polls of 20 seconds at the same time, and
   * empty receives are billed (docs.aws.amazon.com/lambda, services-sqs-scaling, and
   * premiumsupport/knowledge-center/sqs-high-charges, read 2026-11-29).
   */
  receivesOfIdleQueue: (5 * 730 * 3_600) / 20,
  /** Duration of the events function for one delivery event, in seconds. */
  eventSeconds: 0.02,
  /** Bytes of log for one delivery event. */
  eventLogBytes: 600,
  /**
   * Number of delivery events for a delivered mail, by type of provider. Provider types that are not listed report two events
   * (accepted and delivered); Postmark reports only `delivered`.
   */
  eventsOfMail: { postmark: 1 } as Readonly<Record<string, number>>,
  /**
   * Additional writes to the state table for a posted event, by type of provider. Each token of Mailgun is accepted only once, so
   * used tokens are stored.
   */
  tokenWrites: { mailgun: 1 } as Readonly<Record<string, number>>,
  /** Duration, in seconds, of an invocation with a batch of mails that are not due yet and are put back on their queue. */
  lookSeconds: 0.03,
  /**
   * How often in an hour a waiting mail is received and put back on its queue. SQS can delay a message for at most a quarter of
   * an hour.
   */
  looksInHour: 4,
} as const;

/**
 * Memory, in MB, with which a function gets one whole processor from Lambda (docs.aws.amazon.com/lambda, configuration-memory,
 * 2026-11-29).
 */
const MEMORY_OF_PROCESSOR = 1_769;

/**
 * Returns the duration of an invocation with a full batch, in seconds: the answer time of the provider plus the time to process
 * ten mails. This time is the CPU time of the mails, divided by the share of a processor that Lambda gives for this memory.
 */
export function batchSeconds(type: string, memoryMb: number): number {
  const cpuMs = MEASURED.cpuMs[type] ?? Math.max(...Object.values(MEASURED.cpuMs));
  const share = Math.min(1, memoryMb / MEMORY_OF_PROCESSOR);
  return ASSUMED.answerSeconds + (MEASURED.batch * cpuMs) / 1_000 / share;
}

/** Returns the price, in dollars, of this number of invocations with this duration and memory. */
export function invocations(number: number, seconds: number, memoryMb: number): number {
  return number * (PRICES.invocation.dollars + ((seconds * memoryMb) / 1_024) * PRICES.gigabyteSecond.dollars);
}
