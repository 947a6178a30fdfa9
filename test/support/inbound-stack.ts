import { setTimeout as wait } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { InboundMessage } from '../../lambda/contract/inbound.ts';
import type { StackInfo } from '../../local/api/stack-info.ts';
import { localAws, type OpenStack, openStack, until as waitUntil } from './open-stack.ts';

/**
 * A mail that a simulated provider receives. All fields except `raw` are sent unchanged in the body of `POST
 * /api/providers/KEY/inbound`.
 */
export interface MailToReceive {
  readonly raw: Buffer;
  readonly from: string | null;
  readonly to: readonly string[];
  readonly form?: string;
  readonly previous?: boolean;
  readonly ageSeconds?: number;
}

/** A local stack on free ports. Tests use it through its public interfaces only. All messages of its inbound queue are read into memory. */
export interface InboundStack {
  readonly url: string;
  readonly info: StackInfo;
  /**
   * Makes a simulated provider receive a mail, and waits until the inbound queue has had one message for each recipient. Returns
   * these messages.
   */
  receive(provider: string, mail: MailToReceive): Promise<InboundMessage[]>;
  /** Makes a simulated provider receive a mail. Does not wait until the mail is on the inbound queue. */
  take(provider: string, mail: MailToReceive): Promise<readonly { readonly id: string }[]>;
  /** All messages of the inbound queue so far. A message that was too large for SQS is read from S3. */
  readonly messages: readonly InboundMessage[];
  object(reference: { readonly bucket: string; readonly key: string }): Promise<Buffer>;
  readonly call: OpenStack['call'];
  until(condition: () => boolean | Promise<boolean>, patienceMs?: number): Promise<void>;
  close(): Promise<void>;
}

export async function givenInboundStack(timeScale: number): Promise<InboundStack> {
  const { stack, call, sqs, close } = await openStack({
    timeScale,
    ...(process.env['MAILOVER_TEST_LOG'] && { logFile: process.env['MAILOVER_TEST_LOG'] }),
  });
  const { info } = stack;
  const s3 = new S3Client({ ...localAws(info.endpoints.aws), forcePathStyle: true });
  const messages: InboundMessage[] = [];
  const ending = new AbortController();
  const object = async ({ bucket, key }: { readonly bucket: string; readonly key: string }): Promise<Buffer> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };
  const read = async (body: string): Promise<InboundMessage> => {
    const given = JSON.parse(body);
    return given.s3 === undefined ? given : JSON.parse((await object(given.s3)).toString());
  };
  const consume = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const { Messages = [] } = await sqs
        .send(
          new ReceiveMessageCommand({
            QueueUrl: info.queues.inbound,
            MaxNumberOfMessages: 10,
            WaitTimeSeconds: 1,
            // Twelve hours in the time of the local stack, in seconds.
            VisibilityTimeout: 43_200,
          }),
          { abortSignal: ending.signal },
        )
        .catch(() => ({ Messages: [] }));
      if (Messages.length === 0) {
        await wait(20);
        continue;
      }
      for (const { Body } of Messages) messages.push(await read(Body ?? ''));
      const Entries = Messages.map(({ ReceiptHandle }, place) => ({ Id: String(place), ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: info.queues.inbound, Entries })).catch(() => undefined);
    }
  };
  const consuming = consume();
  const until: InboundStack['until'] = (condition, patienceMs = 20_000) => waitUntil(condition, patienceMs, 20);
  const take: InboundStack['take'] = async (provider, { raw, ...mail }) =>
    (await call('POST', `/api/providers/${provider}/inbound`, {
      raw: raw.toString('base64'),
      ...mail,
    })) as readonly { id: string }[];
  /** Delivers a mail to the simulated SES by a request to the API of the stack, in place of the SMTP session of another mail server. */
  const deliver = async ({ raw, from, to }: MailToReceive): Promise<void> => {
    const query = new URLSearchParams({ from: from ?? '' });
    for (const address of to) query.append('to', address);
    const body = new Uint8Array(raw);
    const response = await fetch(`${info.inbound['ses']?.url ?? ''}?${query}`, { method: 'POST', body });
    if (!response.ok) throw new Error(`SES answers ${response.status} ${await response.text()}`);
  };
  return {
    url: stack.url,
    info,
    messages,
    object,
    call,
    until,
    take,
    async receive(provider, mail) {
      const wanted = new Set(mail.to);
      const before = messages.length;
      if (provider === 'ses') await deliver(mail);
      else await take(provider, mail);
      const found = () => messages.slice(before).filter(({ envelope }) => envelope.to.some((one) => wanted.has(one)));
      await until(() => found().length >= mail.to.length);
      return found();
    },
    async close() {
      ending.abort();
      await consuming;
      s3.destroy();
      await close();
    },
  };
}
