import type { S3Client } from '@aws-sdk/client-s3';
import { type Clock, systemClock } from './clock.ts';
import type { ObjectReference } from './objects.ts';
import { ServiceError } from './service-failure.ts';
import { patientSockets } from './sockets.ts';

/** Objects in one bucket. Throws when an object cannot be written or read. */
export interface ObjectStore {
  /** Writes an object, or replaces the one with this key. */
  put(key: string, content: Uint8Array | string, contentType: string): Promise<ObjectReference>;
  get(key: string): Promise<Buffer>;
}

let client: Promise<S3Client> | undefined;

const TRIES = 4;
const WAIT_MS = 50;

/** Amazon S3. The SDK is loaded at the first use. */
export const s3Store = (bucket: string, clock: Clock = systemClock): ObjectStore => {
  const open = async () => {
    const s3 = await import('@aws-sdk/client-s3');
    client ??= patientSockets({ connectionTimeout: 1_000, requestTimeout: 8_000 }).then(
      // The SDK's own retries share a budget, which a quarter of an hour of errors uses up.
      (requestHandler) => new s3.S3Client({ maxAttempts: 1, requestHandler }),
    );
    return { s3, client: await client };
  };
  return {
    async put(key, content, contentType) {
      const { s3, client } = await open();
      for (let attempt = 1; ; attempt++) {
        try {
          const object = { Bucket: bucket, Key: key, Body: content, ContentType: contentType };
          await client.send(new s3.PutObjectCommand(object));
          return { bucket, key };
        } catch (error) {
          // A write of the same bytes under the same key can be repeated safely.
          if (attempt === TRIES || clientFault(error)) throw error;
          await clock.sleep(WAIT_MS * 2 ** attempt);
        }
      }
    },
    async get(key) {
      const { s3, client } = await open();
      const { Body } = await client.send(new s3.GetObjectCommand({ Bucket: bucket, Key: key }));
      if (Body === undefined) throw new ServiceError('the object has no body');
      return Buffer.from(await Body.transformToByteArray());
    },
  };
};

/** Whether the error is permanent, such as a denial by a policy; throttling is not. */
function clientFault(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 500;
  return status >= 400 && status < 500 && status !== 429 && status !== 408;
}
