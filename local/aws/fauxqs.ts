import type { BuildAppOptions } from 'fauxqs';

/**
 * Internal classes of fauxqs, the package that emulates SQS and S3. fauxqs does not export these classes, although its `buildApp`
 * accepts objects of these classes as options. This file also exports one constant of fauxqs, which the local stack changes.
 *
 * Only this file depends on the file layout of the package. Therefore package.json requires an exact version of fauxqs. The types
 * are derived from the public options of `buildApp`.
 */
type Stores = NonNullable<BuildAppOptions['stores']>;
type SqsStore = Stores['sqsStore'];

/** A queue in the form in which fauxqs stores it. */
export type SqsQueue = NonNullable<ReturnType<SqsStore['getQueue']>>;
/** A message in the form in which fauxqs stores it. */
export type SqsMessage = SqsQueue['messages'][number];
/** A message in the form in which ReceiveMessage returns it. */
export type ReceivedMessage = ReturnType<SqsQueue['dequeue']>[number];
/** The store of all S3 buckets with their objects. */
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

/** Class of a queue in fauxqs, from which the local stack derives its own queue class. */
export const SqsQueueBase = sqs.SqsQueue;
/** Class of the store of all queues in fauxqs, from which the local stack derives its own store. */
export const SqsStoreBase = sqs.SqsStore;
/** Creates a new message, with an id and checksums, as SendMessage does. */
export const createMessage = (...given: Parameters<typeof sqs.SqsStore.createMessage>): SqsMessage =>
  sqs.SqsStore.createMessage(...given);
/**
 * Regular expression with which fauxqs tests message bodies: fauxqs refuses a body that matches. The local stack replaces the
 * method `test` of this object.
 */
export const { INVALID_MESSAGE_BODY_CHAR } = await inside('sqs/sqsTypes.js');
export const { S3Store: S3StoreClass } = await inside('s3/s3Store.js');
export const { SnsStore: SnsStoreClass } = await inside('sns/snsStore.js');
