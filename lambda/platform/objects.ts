import type { S3Client } from '@aws-sdk/client-s3';

/** Where an object lies. */
export interface ObjectReference {
  readonly bucket: string;
  readonly key: string;
}

/** Reads objects that submissions refer to. */
export interface Objects {
  /**
   * The bytes, or why there are none: `missing` also in a bucket that we may not read. Throws on trouble that will pass.
   */
  read(reference: ObjectReference, maxBytes: number): Promise<Buffer | 'missing' | 'too-large'>;
}

let client: S3Client | undefined;

/** Amazon S3. The SDK is loaded at the first use. */
export const s3Objects = (ownBucket: string): Objects => ({
  async read({ bucket, key }, maxBytes) {
    const { S3Client, GetObjectCommand } = await import('@aws-sdk/client-s3');
    client ??= new S3Client({
      requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
    });
    try {
      const { Body, ContentLength = 0 } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      if (ContentLength > maxBytes || !Body) {
        (Body as { destroy?(): void } | undefined)?.destroy?.();
        return Body ? 'too-large' : 'missing';
      }
      return Buffer.from(await Body.transformToByteArray());
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // We may list our own bucket, so a denial there is a matter of policy that will pass; elsewhere it is for good.
      if (GONE.has(error.name) || (error.name === 'AccessDenied' && bucket !== ownBucket)) return 'missing';
      throw error;
    }
  },
});

const GONE = new Set(['NoSuchKey', 'NoSuchBucket', 'NotFound', 'InvalidBucketName', 'PermanentRedirect']);
