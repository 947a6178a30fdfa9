import type { AddressInfo } from 'node:net';
import { buildApp } from 'fauxqs';
import type { StackClock } from '../clock.ts';
import type { FaultBoard } from '../faults/faults.ts';
import { type OwnHosts, refuseForeign } from '../network/own-hosts.ts';
import { REGION } from '../template/names.ts';
import { errorAnswer } from './error-answer.ts';
import { addFaultHooks } from './fault-hooks.ts';
import { INVALID_MESSAGE_BODY_CHAR, type S3Store, S3StoreClass, SnsStoreClass } from './fauxqs.ts';
import { checkAttributeCount } from './message-attributes.ts';
import { MessageMoves } from './message-move.ts';
import { addObjectContentTypes } from './object-content-type.ts';
import { awsCall } from './operation.ts';
import { LocalQueues } from './queue.ts';
import { RequestError } from './request-error.ts';
import { LocalSecrets } from './secrets.ts';
import { addSent, recordSentFields } from './sent-fields.ts';

/** Largest size of an S3 object in bytes: enough for a mail of 40 MB (the limit of SES) and its encoding. */
const OBJECT_LIMIT = 64 * 1024 * 1024;

// fauxqs, the local SQS, tests UTF-16 units. Therefore it refuses every character above U+FFFF, although SQS accepts these
// characters (SendMessage, API reference, collected 2026-11-23). The following expression matches the characters that SQS
// refuses: some control characters, lone surrogates, U+FFFE and U+FFFF.
const NOT_FOR_SQS = /(?![\t\n\r\u{7f}-\u{9f}])\p{Cc}|\p{Cs}|[\uFFFE\uFFFF]/u;
INVALID_MESSAGE_BODY_CHAR.test = (text: string): boolean => NOT_FOR_SQS.test(text);

/** The local SQS, S3 and Secrets Manager. All three use the same loopback port. */
export interface AwsServer {
  readonly url: string;
  readonly queues: LocalQueues;
  readonly buckets: S3Store;
  readonly secrets: LocalSecrets;
  close(): Promise<void>;
}

/** Starts the server without any queue, bucket or secret. Rejects if the port is in use. */
export async function startAws(options: {
  readonly port: number;
  readonly clock: StackClock;
  readonly faults: FaultBoard;
  readonly own: OwnHosts;
}): Promise<AwsServer> {
  const queues = new LocalQueues(options.clock);
  const buckets = new S3StoreClass();
  const secrets = new LocalSecrets();
  const moves = new MessageMoves(queues);
  const app = buildApp({
    logger: false,
    defaultRegion: REGION,
    stores: { sqsStore: queues, snsStore: new SnsStoreClass(), s3Store: buckets },
  });
  // Replaces the body parser of fauxqs for all content types. The limit of that parser, 11 MiB, is smaller than the largest mail.
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: OBJECT_LIMIT }, (_request, body, done) => {
    done(null, body);
  });
  addObjectContentTypes(app);
  addFaultHooks(app, options.faults);
  app.addHook('preHandler', async (request, reply) => {
    const call = awsCall(request);
    if (call === undefined || call.service === 's3') return;
    try {
      const input = Buffer.isBuffer(request.body) ? JSON.parse(request.body.toString()) : request.body;
      const trace = request.headers['x-amzn-trace-id'];
      if (call.service === 'sqs') {
        checkAttributeCount(call.operation, input);
        recordSentFields(call.operation, input, typeof trace === 'string' ? trace : undefined);
      }
      const answer =
        call.service === 'sqs' ? moves.handle(call.operation, input) : secrets.handle(call.operation, input);
      if (answer === undefined) return;
      const version = call.service === 'sqs' ? '1.0' : '1.1';
      return reply.header('content-type', `application/x-amz-json-${version}`).send(JSON.stringify(answer));
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      const { status, headers, body } = errorAnswer(call, error.code, error.message);
      return reply.code(status).headers(headers).send(body);
    }
  });
  refuseForeign(app.server, options.own);
  app.addHook('preSerialization', async (request, _reply, payload) => {
    const call = awsCall(request);
    if (call?.service !== 'sqs' || call.operation !== 'ReceiveMessage') return payload;
    const input = request.body as Record<string, unknown>;
    const queue = queues.getQueue(String(input['QueueUrl']));
    addSent(input, payload as object, (handle) => queue?.inflightMessages.get(handle)?.message);
    return payload;
  });
  await app.listen({ port: options.port, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  queues.origin = `http://127.0.0.1:${port}`;
  return {
    url: queues.origin,
    queues,
    buckets,
    secrets,
    async close() {
      moves.close();
      queues.shutdown();
      await app.close();
    },
  };
}
