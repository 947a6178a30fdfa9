import type { S3Client } from '@aws-sdk/client-s3';
import { type Clock, systemClock } from './clock.ts';
import { ServiceError } from './service-failure.ts';
import { patientSockets } from './sockets.ts';

/** Bucket and key of an object. */
export interface ObjectReference {
  readonly bucket: string;
  readonly key: string;
}

/** Reads the objects that submissions refer to. */
export interface Objects {
  /** The bytes, or why there are none: `missing` also for any bucket but our own. Throws on temporary failures. */
  read(reference: ObjectReference, maxBytes: number): Promise<Buffer | 'missing' | 'too-large'>;
}

/** Objects whose lifetime can be extended. */
export interface RenewableObjects extends Objects {
  /** Copies an object onto itself, so that it is kept as long as a new one. Throws on temporary failures. */
  renew(reference: ObjectReference): Promise<void>;
}

/** Objects of our own in one bucket. Throws when an object cannot be written or read. */
export interface ObjectStore {
  /** Writes an object, or replaces the one with this key. */
  put(key: string, content: Uint8Array | string, contentType: string): Promise<ObjectReference>;
  get(key: string): Promise<Buffer>;
}

/**
 * Age from which a submission's object is renewed when it is read: it is then kept for at least 21 days after each read, and
 * no message is left unread for longer. A message that SQS itself moved does not show that it was redriven.
 */
const RENEWED_FROM_MS = 7 * 24 * 3_600_000;

const TRIES = 4;
const WAIT_MS = 50;
/**
 * No further try begins after this time, in milliseconds, so that a bucket that does not answer leaves the invocation
 * time for other mail.
 */
const LAST_TRY_MS = 20_000;
const GONE = new Set(['NoSuchKey', 'NoSuchBucket', 'NotFound', 'InvalidBucketName', 'PermanentRedirect']);

type S3 = typeof import('@aws-sdk/client-s3');
let client: Promise<S3Client> | undefined;

export interface BucketOptions {
  readonly clock?: Clock;
  /** Whether reading an old object of a submission renews it. @default false */
  readonly renews?: boolean;
}

/** One bucket of Amazon S3. The SDK is loaded at the first use. */
export function s3Bucket(
  name: string,
  { clock = systemClock, renews = false }: BucketOptions = {},
): RenewableObjects & ObjectStore {
  /** Makes a call of S3, and repeats it if S3 does not answer; every call here can be repeated safely. */
  async function call<T>(make: (s3: S3, client: S3Client) => Promise<T>): Promise<T> {
    const s3 = await import('@aws-sdk/client-s3');
    client ??= patientSockets({ connectionTimeout: 1_000, requestTimeout: 8_000 }).then(
      // The SDK's own retries share a budget, which a quarter of an hour of errors uses up.
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
      // Only our own bucket may be read, so a request would be refused.
      if (bucket !== name) return 'missing';
      try {
        const { content, writtenAt } = await fetch(key, maxBytes);
        // The mail goes out even if its object cannot be renewed; the next read tries again.
        if (renews && clock.now() - writtenAt > RENEWED_FROM_MS)
          await objects.renew({ bucket, key }).catch(() => undefined);
        return content;
      } catch (error) {
        // We have permission to list our own bucket, so a denial is a policy change, which is temporary.
        if (error instanceof Error && GONE.has(error.name)) return 'missing';
        throw error;
      }
    },
    async renew({ bucket, key }) {
      // Objects in other buckets are kept by their owners.
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
        // The object is gone or not writable: the read that follows decides what that means for the message.
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

/** Reads a body into one buffer. The SDK's own way copies the whole twice, which matters for objects of 40 MB. */
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

/** Whether S3 gave a permanent answer, such as a denial by a policy; throttling is not one. */
function isPermanent(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 500;
  return status >= 400 && status < 500 && status !== 429 && status !== 408;
}
