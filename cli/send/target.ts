import { SQSClient } from '@aws-sdk/client-sqs';
import { type SendOptions, UsageError } from './options.ts';

/** The outbound queue, and the queues and pages that show how a submission ended. */
export interface QueueTarget {
  readonly sqs: SQSClient;
  readonly outboundUrl: string;
  readonly deadLetterUrl?: string;
  /** Only a local stack: retry queue URL by provider key, events queue, and the page that lists accepted mail. */
  readonly local?: {
    readonly console: string;
    readonly retryUrls: Readonly<Record<string, string>>;
    readonly eventsUrl: string;
  };
}

/** The fields of the local stack's description that sending needs. */
interface StackInfo {
  readonly ready: boolean;
  readonly queues: {
    readonly outbound: string;
    readonly deadLetter: string;
    readonly events: string;
    readonly retry: Readonly<Record<string, string>>;
  };
}

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])$/;

/** Finds the queue that the options name, or that of the running local stack. */
export async function findQueue(options: SendOptions, port: string | undefined): Promise<QueueTarget> {
  if (options.queueUrl !== undefined) {
    return {
      sqs: clientFor(options.queueUrl),
      outboundUrl: options.queueUrl,
      ...(options.deadLetterUrl !== undefined && { deadLetterUrl: options.deadLetterUrl }),
    };
  }
  const base = `http://127.0.0.1:${port ?? '4700'}`;
  const { queues } = await describeStack(base);
  return {
    sqs: clientFor(queues.outbound),
    outboundUrl: queues.outbound,
    deadLetterUrl: queues.deadLetter,
    local: { console: base, retryUrls: queues.retry, eventsUrl: queues.events },
  };
}

async function describeStack(base: string): Promise<StackInfo> {
  const response = await fetch(`${base}/api/stack`).catch(() => undefined);
  if (!response) {
    throw new UsageError(
      `no local stack answers at ${base}; start it with "npm start", or give a deployed --queue URL`,
    );
  }
  if (!response.ok)
    throw new UsageError(`${base}/api/stack answers ${response.status}; is another program on that port?`);
  const info = (await response.json()) as StackInfo;
  if (!info.ready) throw new UsageError(`the local stack at ${base} is still starting; try again when it says ready`);
  return info;
}

function clientFor(queueUrl: string): SQSClient {
  const { hostname, origin } = new URL(queueUrl);
  if (LOOPBACK.test(hostname)) {
    return new SQSClient({
      region: 'us-east-1',
      endpoint: origin,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
  }
  const region = /^sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(hostname)?.[1];
  if (!region) throw new UsageError(`--queue names no region: its host is ${hostname}, not sqs.<region>.amazonaws.com`);
  return new SQSClient({ region });
}
