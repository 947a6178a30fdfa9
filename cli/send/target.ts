import { SQSClient } from '@aws-sdk/client-sqs';
import { defined } from '../../lambda/platform/defined.ts';
import { describeLocalStack, LOCAL_ACCESS, localStackUrl } from '../local-stack.ts';
import { UsageError } from '../usage.ts';
import type { SendOptions } from './options.ts';

/** The outbound queue, and the queues and URLs that show the result of a submission. */
export interface QueueTarget {
  readonly sqs: SQSClient;
  readonly outboundUrl: string;
  readonly deadLetterUrl?: string;
  /**
   * Present only for a local stack. `console`: URL of its console and API, which lists accepted mail. `retryUrls`: URLs of the retry
   * queues, by provider key.
   */
  readonly local?: {
    readonly console: string;
    readonly retryUrls: Readonly<Record<string, string>>;
  };
}

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])$/;

/** Finds the outbound queue that the options name. If they name none, finds the queue of the running local stack. */
export async function findQueue(options: SendOptions, port: string | undefined): Promise<QueueTarget> {
  if (options.queueUrl !== undefined) {
    return {
      sqs: clientFor(options.queueUrl),
      outboundUrl: options.queueUrl,
      ...defined({ deadLetterUrl: options.deadLetterUrl }),
    };
  }
  const base = localStackUrl(port);
  const { queues, providers } = await describeLocalStack(base, '--queue URL');
  const { outbound, deadLetter, retry } = queues;
  if (outbound === undefined) throw new Error(`the local stack at ${base} has no outbound queue`);
  const keys = providers.map(({ key }) => key);
  const unknown = options.providers.find((key) => !keys.includes(key));
  if (unknown !== undefined) throw new UsageError(`there is no provider "${unknown}"; there are: ${keys.join(', ')}`);
  return {
    sqs: clientFor(outbound),
    outboundUrl: outbound,
    ...defined({ deadLetterUrl: deadLetter }),
    local: { console: base, retryUrls: retry },
  };
}

function clientFor(queueUrl: string): SQSClient {
  const { hostname, origin } = new URL(queueUrl);
  if (LOOPBACK.test(hostname)) return new SQSClient({ ...LOCAL_ACCESS, endpoint: origin });
  const region = /^sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(hostname)?.[1];
  if (!region) throw new UsageError(`--queue has no region: its host is ${hostname}, not sqs.<region>.amazonaws.com`);
  return new SQSClient({ region });
}
