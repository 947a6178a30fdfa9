import type { BuildAppOptions } from 'fauxqs';

/**
 * The stores of fauxqs, which it takes as options and does not export, and one constant that the local stack replaces.
 *
 * This is the only file that knows how the package is laid out; package.json pins its exact version for that reason. The
 * types are the public ones: those of the options of `buildApp`.
 */
type Stores = NonNullable<BuildAppOptions['stores']>;
type SqsStore = Stores['sqsStore'];

/** A queue as fauxqs keeps it. */
export type SqsQueue = NonNullable<ReturnType<SqsStore['getQueue']>>;
/** A message as fauxqs keeps it. */
export type SqsMessage = SqsQueue['messages'][number];
/** A message as ReceiveMessage answers it. */
export type ReceivedMessage = ReturnType<SqsQueue['dequeue']>[number];
/** All buckets with their objects. */
export type S3Store = Stores['s3Store'];

interface Inside {
  readonly 'sqs/sqsStore.js': {
    readonly SqsQueue: new (
      name: string,
      url: string,
      arn: string,
      attributes?: Record<string, string>,
      tags?: Record<string, string>,
    ) => SqsQueue;
    readonly SqsStore: (new () => SqsStore) & {
      createMessage(body: string, attributes?: SqsMessage['messageAttributes'], delaySeconds?: number): SqsMessage;
    };
  };
  readonly 'sqs/sqsTypes.js': { readonly INVALID_MESSAGE_BODY_CHAR: RegExp };
  readonly 's3/s3Store.js': { readonly S3Store: new () => S3Store };
  readonly 'sns/snsStore.js': { readonly SnsStore: new () => Stores['snsStore'] };
}

async function inside<File extends keyof Inside>(file: File): Promise<Inside[File]> {
  return (await import(new URL(file, import.meta.resolve('fauxqs')).href)) as Inside[File];
}

const sqs = await inside('sqs/sqsStore.js');

/** Base class of a queue. */
export const SqsQueueBase = sqs.SqsQueue;
/** Base class of the store of all queues. */
export const SqsStoreBase = sqs.SqsStore;
/** A new message, with the id and checksums that SendMessage gives it. */
export const createMessage = (...given: Parameters<typeof sqs.SqsStore.createMessage>): SqsMessage =>
  sqs.SqsStore.createMessage(...given);
/** The expression by which fauxqs refuses the body of a message; its `test` may be replaced. */
export const { INVALID_MESSAGE_BODY_CHAR } = await inside('sqs/sqsTypes.js');
export const { S3Store: S3StoreClass } = await inside('s3/s3Store.js');
export const { SnsStore: SnsStoreClass } = await inside('sns/snsStore.js');
