import type { S3Client } from '@aws-sdk/client-s3';
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

let client: Promise<S3Client> | undefined;

async function open() {
  const s3 = await import('@aws-sdk/client-s3');
  client ??= patientSockets({ connectionTimeout: 2_000, requestTimeout: 10_000 }).then(
    (requestHandler) => new s3.S3Client({ requestHandler }),
  );
  return { s3, client: await client };
}

/** Amazon S3. The SDK is loaded at the first use. */
export const s3Objects = (ownBucket: string): RenewableObjects => ({
  async read({ bucket, key }, maxBytes) {
    // Only our own bucket may be read, so a request would be refused.
    if (bucket !== ownBucket) return 'missing';
    const { s3, client } = await open();
    try {
      const { Body, ContentLength = 0 } = await client.send(new s3.GetObjectCommand({ Bucket: bucket, Key: key }));
      if (ContentLength > maxBytes || !Body) {
        (Body as { destroy?(): void } | undefined)?.destroy?.();
        return Body ? 'too-large' : 'missing';
      }
      return Buffer.from(await Body.transformToByteArray());
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // We have permission to list our own bucket, so a denial is a policy change, which is temporary.
      if (GONE.has(error.name)) return 'missing';
      throw error;
    }
  },
  async renew({ bucket, key }) {
    // Objects in other buckets are kept by their owners.
    if (bucket !== ownBucket) return;
    const { s3, client } = await open();
    try {
      const { ContentType, Metadata } = await client.send(new s3.HeadObjectCommand({ Bucket: bucket, Key: key }));
      await client.send(
        new s3.CopyObjectCommand({
          Bucket: bucket,
          Key: key,
          CopySource: `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`,
          // S3 copies an object onto itself only if its metadata or another property is replaced.
          MetadataDirective: 'REPLACE',
          ContentType,
          Metadata,
        }),
      );
    } catch (error) {
      // The object is gone or not writable: the read that follows decides what that means for the message.
      if (!(error instanceof Error) || !(GONE.has(error.name) || error.name === 'AccessDenied')) throw error;
    }
  },
});

const GONE = new Set(['NoSuchKey', 'NoSuchBucket', 'NotFound', 'InvalidBucketName', 'PermanentRedirect']);
