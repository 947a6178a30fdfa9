import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics as Powertools } from '@aws-lambda-powertools/metrics';
import { powertoolsLog } from '../lambda/platform/log.ts';
import { emfMetrics } from '../lambda/platform/metrics.ts';
import { reportAccepted, reportAttempt } from '../lambda/sender/telemetry.ts';
import { type Figure, median } from './figure.ts';

const BATCH = 10;
const BATCHES = 2_000;
const ROUNDS = 7;
/** Largest allowed number of bytes of output for each mail, in addition to the log line of the attempt. */
const MOST_BYTES = 200;
const MOST_MICROSECONDS = 25;

const HANDLE = 'A'.repeat(43);

/**
 * Measures the cost of logging and metrics for each mail. Compares it with Powertools for AWS Lambda, used as its documentation
 * shows: separately for each mail.
 */
export async function measureTelemetry(): Promise<Figure[]> {
  const metrics = emfMetrics({ name: 'Mailover' });
  const ours = await cost(async (mail) => {
    const message = { id: `order-${mail}`, handle: HANDLE };
    const outcomes = [{ kind: 'accepted', providerMessageId: 'b7bc2f4a-e38e-4336-af7d-e6c392c2f817' }] as const;
    reportAttempt(
      { log: powertoolsLog, metrics },
      { message, provider: 'postmark', number: 1, outcomes, durationMs: 123 },
    );
    reportAccepted({ log: powertoolsLog, metrics }, 1_200);
    if (mail % BATCH === BATCH - 1) await metrics.flush();
  });
  const logger = new Logger({ serviceName: 'bench' });
  const single = new Powertools({ namespace: 'Bench', serviceName: 'bench' });
  const naive = await cost((mail) => {
    logger.info('attempt', {
      submissionId: `order-${mail}`,
      provider: 'postmark',
      outcome: 'accepted',
      durationMs: 123,
    });
    single.addDimensions({ provider: 'postmark', outcome: 'accepted' });
    single.addMetric('Attempts', 'Count', 1);
    single.addMetric('AttemptLatency', 'Milliseconds', 123);
    single.publishStoredMetrics();
    single.addMetric('Delay', 'Seconds', 1.2);
    single.publishStoredMetrics();
  });
  return [
    {
      name: 'logging and metrics of a mail, CPU, in batches of ten',
      value: `${ours.microseconds.toFixed(1)} µs (Powertools for each mail: ${naive.microseconds.toFixed(1)} µs)`,
      target: { text: `at most ${MOST_MICROSECONDS} µs`, met: ours.microseconds <= MOST_MICROSECONDS },
    },
    {
      name: 'the same, bytes beyond the attempt line',
      value: `${ours.beyond.toFixed(0)} (Powertools for each mail: ${naive.beyond.toFixed(0)}; the line itself ${ours.line.toFixed(0)})`,
      target: { text: `at most ${MOST_BYTES}`, met: ours.beyond <= MOST_BYTES },
    },
  ];
}

interface Cost {
  readonly microseconds: number;
  /** Bytes of the log line of the attempt, and bytes of all other output, for each mail. */
  readonly line: number;
  readonly beyond: number;
}

/**
 * Measures the user and system CPU time of this process while it does the work, and the bytes of its output. The output is not
 * shown.
 */
async function cost(work: (mail: number) => Promise<void> | void): Promise<Cost> {
  const mails = BATCH * BATCHES;
  const written = { line: 0, beyond: 0 };
  const write = process.stdout.write;
  process.stdout.write = ((chunk: string) => {
    written[chunk.includes('"attempt"') ? 'line' : 'beyond'] += Buffer.byteLength(chunk);
    return true;
  }) as typeof process.stdout.write;
  const times: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const before = process.cpuUsage();
      for (let mail = 0; mail < mails; mail++) await work(mail);
      const { user, system } = process.cpuUsage(before);
      times.push((user + system) / mails);
    }
  } finally {
    process.stdout.write = write;
  }
  const all = mails * ROUNDS;
  return { microseconds: median(times), line: written.line / all, beyond: written.beyond / all };
}
