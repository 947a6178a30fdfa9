import type { S3Client } from '@aws-sdk/client-s3';
import { type Clock, systemClock } from './clock.ts';
import { ServiceError } from './service-failure.ts';
import { patientSockets } from './sockets.ts';

/** Bucket and key of an S3 object. */
export interface ObjectReference {
  readonly bucket: string;
  readonly key: string;
}

/** Reads the S3 objects to which submissions refer. */
export interface Objects {
  /**
   * Returns the bytes of an object, or the reason for which they cannot be returned. `too-large`: the object has more than
   * `maxBytes` bytes. `missing`: the object does not exist, or is in any other bucket than Mailover's own. Throws an error if the
   * object cannot be read for another reason.
   */
  read(reference: ObjectReference, maxBytes: number): Promise<Buffer | 'missing' | 'too-large'>;
}

/** Objects in a bucket that deletes old objects. The lifetime of these objects can be extended. */
export interface RenewableObjects extends Objects {
  /**
   * Copies an object onto itself. The bucket then keeps the object as long as a new object. Does nothing if the object is missing
   * or must not be copied. Throws an error if the copy fails for another reason.
   */
  renew(reference: ObjectReference): Promise<void>;
}

/** Objects that Mailover itself writes, in one bucket. Each method throws an error if the object cannot be written or read. */
export interface ObjectStore {
  /** Writes an object. An existing object with the same key is replaced. */
  put(key: string, content: Uint8Array | string, contentType: string): Promise<ObjectReference>;
  get(key: string): Promise<Buffer>;
}

/**
 * Age, in milliseconds, from which an object of a submission is renewed when it is read. The bucket keeps an object for at least
 * 28 days, so each object is kept for at least 21 days after it was read. No message waits longer than 21 days until its object
 * is read again. Whether an object is renewed depends on its age, and not on whether the message was redriven: if SQS itself had
 * moved a message to the dead-letter queue, nothing in the redriven message shows this.
 */
const RENEWED_FROM_MS = 7 * 24 * 3_600_000;

const TRIES = 4;
const WAIT_MS = 50;
/**
 * Time in milliseconds, from the first attempt, after which no further attempt begins. If the bucket does not answer, the Lambda
 * invocation then still has time for other mail.
 */
const LAST_TRY_MS = 20_000;
const GONE = new Set(['NoSuchKey', 'NoSuchBucket', 'NotFound', 'InvalidBucketName', 'PermanentRedirect']);

type S3 = typeof import('@aws-sdk/client-s3');
let client: Promise<S3Client> | undefined;

export interface BucketOptions {
  readonly clock?: Clock;
  /** Whether the lifetime of an old object is extended when the object is read. @default false */
  readonly renews?: boolean;
}

/** Creates an object whose methods read and write the objects in the S3 bucket `name`. The AWS SDK is loaded at the first use. */
export function s3Bucket(
  name: string,
  { clock = systemClock, renews = false }: BucketOptions = {},
): RenewableObjects & ObjectStore {
  /**
   * Calls S3, and repeats the call after a temporary failure, up to `TRIES` attempts in total. All calls in this file can be
   * repeated safely.
   */
  async function call<T>(make: (s3: S3, client: S3Client) => Promise<T>): Promise<T> {
    const s3 = await import('@aws-sdk/client-s3');
    client ??= patientSockets({ connectionTimeout: 1_000, requestTimeout: 8_000 }).then(
      // The retries of the AWS SDK are switched off: all calls of a client share one budget of retries, and errors during a
      // quarter of an hour use up this budget.
      (requestHandler) => new s3.S3Client({ maxAttempts: 1, requestHandler }),
    );
    const begun = clock.now();
    for (let attempt = 1; ; attempt++) {
      try {
        return await make(s3, await client);
      } catch (error) {
        const isLast = attempt === TRIES || clock.now() - begun > LAST_TRY_MS;
        if (isLast || isPermanent(error)) throw error;
        await clock.sleep(WAIT_MS * 2 ** attempt);
      }
    }
  }

  const fetch = (
    key: string,
    maxBytes: number,
  ): Promise<{ readonly content: Buffer | 'missing' | 'too-large'; readonly writtenAt: number }> =>
    call(async (s3, client) => {
      const {
        Body,
        ContentLength = 0,
        LastModified,
      } = await client.send(new s3.GetObjectCommand({ Bucket: name, Key: key }));
      const writtenAt = LastModified?.getTime() ?? clock.now();
      if (Body && ContentLength <= maxBytes)
        return { content: await collect(Body as AsyncIterable<Uint8Array>, ContentLength), writtenAt };
      (Body as { destroy?(): void } | undefined)?.destroy?.();
      return { content: Body ? 'too-large' : 'missing', writtenAt };
    });

  const objects: RenewableObjects & ObjectStore = {
    async read({ bucket, key }, maxBytes) {
      // The IAM role of the function allows only Mailover's own bucket. For any other bucket, S3 would refuse the request.
      if (bucket !== name) return 'missing';
      try {
        const { content, writtenAt } = await fetch(key, maxBytes);
        // The mail is sent even if its object cannot be renewed. If the object is read again, the renewal is tried again.
        if (renews && clock.now() - writtenAt > RENEWED_FROM_MS)
          await objects.renew({ bucket, key }).catch(() => undefined);
        return content;
      } catch (error) {
        // S3 answers 404 for a missing object, since the function has the permission to list the bucket. An answer 403 means that
        // a policy was changed. Mailover treats this as temporary: the error is thrown.
        if (error instanceof Error && GONE.has(error.name)) return 'missing';
        throw error;
      }
    },
    async renew({ bucket, key }) {
      // Objects in other buckets are not renewed, since Mailover has no permission for other buckets.
      if (bucket !== name) return;
      try {
        await call(async (s3, client) => {
          const { ContentType, Metadata } = await client.send(new s3.HeadObjectCommand({ Bucket: name, Key: key }));
          const copy = new s3.CopyObjectCommand({
            Bucket: name,
            Key: key,
            CopySource: `${name}/${key.split('/').map(encodeURIComponent).join('/')}`,
            // S3 copies an object onto itself only if its metadata or another property is replaced.
            MetadataDirective: 'REPLACE',
            ContentType,
            Metadata,
          });
          await client.send(copy);
        });
      } catch (error) {
        // A missing object or an object that must not be copied is no error: the result of the next read decides what happens to
        // the message.
        if (!(error instanceof Error) || !(GONE.has(error.name) || error.name === 'AccessDenied')) throw error;
      }
    },
    async put(key, content, contentType) {
      const object = { Bucket: name, Key: key, Body: content, ContentType: contentType };
      await call((s3, client) => client.send(new s3.PutObjectCommand(object)));
      return { bucket: name, key };
    },
    async get(key) {
      const { content } = await fetch(key, Number.POSITIVE_INFINITY);
      if (typeof content === 'string') throw new ServiceError('the object has no body');
      return content;
    },
  };
  return objects;
}

/** Reads a body into one buffer. The method of the AWS SDK would copy the whole body twice, which matters for objects of 40 MB. */
async function collect(body: AsyncIterable<Uint8Array>, length: number): Promise<Buffer> {
  const content = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for await (const chunk of body) {
    content.set(chunk, at);
    at += chunk.length;
  }
  if (at < length) throw new ServiceError(`the object ended after ${at} of ${length} bytes`);
  return content;
}

/** Whether an error is permanent, such as a refusal because of a policy. Throttling and time-outs are temporary errors. */
function isPermanent(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 500;
  return status >= 400 && status < 500 && status !== 429 && status !== 408;
}
