import { setTimeout as wait } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { InboundMessage } from '../../lambda/contract/inbound.ts';
import type { StackInfo } from '../../local/api/stack-info.ts';
import { startStack } from '../../local/stack.ts';

/** A mail for a simulated provider to receive; other fields as in `POST /api/providers/KEY/inbound`. */
export interface MailToReceive {
  readonly raw: Buffer;
  readonly from: string | null;
  readonly to: readonly string[];
  readonly form?: string;
  readonly previous?: boolean;
  readonly ageSeconds?: number;
}

/** A stack on free ports whose inbound queue is read into memory; used over its public interfaces only. */
export interface InboundStack {
  readonly url: string;
  readonly info: StackInfo;
  /** Makes a provider receive a mail and waits for its messages: one for each recipient. */
  receive(provider: string, mail: MailToReceive): Promise<InboundMessage[]>;
  /** Makes a provider receive a mail; does not wait. */
  take(provider: string, mail: MailToReceive): Promise<readonly { readonly id: string }[]>;
  /** All messages of the inbound queue so far, pointers resolved. */
  readonly messages: readonly InboundMessage[];
  object(reference: { readonly bucket: string; readonly key: string }): Promise<Buffer>;
  call(method: string, path: string, body?: unknown): Promise<unknown>;
  until(condition: () => boolean | Promise<boolean>, patienceMs?: number): Promise<void>;
  close(): Promise<void>;
}

export async function givenInboundStack(timeScale: number): Promise<InboundStack> {
  const stack = await startStack({
    port: 0,
    timeScale,
    ...(process.env['MAILOVER_TEST_LOG'] && { logFile: process.env['MAILOVER_TEST_LOG'] }),
  });
  const { info } = stack;
  const aws = {
    endpoint: info.endpoints.aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  };
  const sqs = new SQSClient(aws);
  const s3 = new S3Client({ ...aws, forcePathStyle: true });
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
            // In stack time.
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
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(new URL(path, stack.url), {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  };
  const until: InboundStack['until'] = async (condition, patienceMs = 20_000) => {
    const end = Date.now() + patienceMs;
    while (!(await condition())) {
      if (Date.now() > end) throw new Error(`not reached within ${patienceMs} ms`);
      await wait(20);
    }
  };
  const take: InboundStack['take'] = async (provider, { raw, ...mail }) =>
    (await call('POST', `/api/providers/${provider}/inbound`, {
      raw: raw.toString('base64'),
      ...mail,
    })) as readonly { id: string }[];
  /** Delivers a mail to SES as another mail server. */
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
      sqs.destroy();
      s3.destroy();
      await stack.close();
    },
  };
}
