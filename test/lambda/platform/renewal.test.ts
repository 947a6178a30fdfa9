import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RenewableObjects } from '../../../lambda/platform/object-store.ts';
import { parseFaults } from '../../../local/faults/faults.ts';
import { givenBucket } from './given-bucket.ts';

const DAY_MS = 24 * 3_600_000;
const reference = { bucket: 'mail', key: 'submissions/an attachment.pdf' };
let bucket: Awaited<ReturnType<typeof givenBucket>>;
let s3: S3Client;
/** Returns the object store of a worker whose clock is `days` days ahead. */
let objectsIn: (days: number, renews?: boolean) => RenewableObjects;

beforeAll(async () => {
  bucket = await givenBucket();
  Object.assign(process.env, bucket.variables);
  const { s3Bucket } = await import('../../../lambda/platform/object-store.ts');
  objectsIn = (days, renews = true) => {
    const clock = { now: () => Date.now() + days * DAY_MS, sleep: async () => {} };
    return s3Bucket('mail', { clock, renews });
  };
  s3 = new S3Client({ forcePathStyle: true });
});
afterAll(async () => {
  s3.destroy();
  await bucket.close();
});

test.each([
  { days: 6.9, by: 'the sender', renews: true, renewed: false },
  { days: 7.1, by: 'the sender', renews: true, renewed: true },
  { days: 7.1, by: 'npm run explain', renews: false, renewed: false },
])('an object that $by reads after $days days is copied in place: $renewed', async ({ days, renews, renewed }) => {
  const before = await put();
  await new Promise((resolve) => setTimeout(resolve, 1_100));

  expect((await objectsIn(days, renews).read(reference, 100)).toString()).toBe('%PDF');

  const after = await written();
  expect(after > before).toBe(renewed);
});

test('an object that cannot be copied is read nevertheless', async () => {
  await put();
  await bucket.faults.set('aws', parseFaults({ service: 's3', operation: 'CopyObject', error: 'AccessDenied' }));

  expect((await objectsIn(20).read(reference, 100)).toString()).toBe('%PDF');
});

async function put(): Promise<number> {
  await s3.send(new PutObjectCommand({ Bucket: reference.bucket, Key: reference.key, Body: '%PDF' }));
  return written();
}

async function written(): Promise<number> {
  const { LastModified } = await s3.send(new GetObjectCommand({ Bucket: reference.bucket, Key: reference.key }));
  return LastModified?.getTime() ?? 0;
}
