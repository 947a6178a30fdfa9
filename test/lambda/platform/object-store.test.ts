import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parseFaults } from '../../../local/faults/faults.ts';
import { givenBucket } from './given-bucket.ts';

let bucket: Awaited<ReturnType<typeof givenBucket>>;
let store: ReturnType<typeof import('../../../lambda/platform/object-store.ts').s3Bucket>;
let put: (key: string, content: string) => Promise<unknown>;

beforeAll(async () => {
  bucket = await givenBucket();
  Object.assign(process.env, bucket.variables);
  const { s3Bucket } = await import('../../../lambda/platform/object-store.ts');
  store = s3Bucket('mail', { clock: { now: Date.now, sleep: async () => {} } });
  put = (key, content) => store.put(key, content, 'text/plain');
});
beforeEach(() => bucket.faults.set('aws', []));
afterAll(() => bucket.close());

const fault = (error: string, times: number) =>
  bucket.faults.set('aws', parseFaults({ service: 's3', operation: 'PutObject', error, times }));

test('a write is repeated while the bucket is unavailable for a moment', async () => {
  await fault('ServiceUnavailable', 3);
  await expect(put('a', 'x')).resolves.toEqual({ bucket: 'mail', key: 'a' });
});

test('a write is given up after four tries, however many writes failed before', async () => {
  for (let write = 0; write < 60; write++) {
    await fault('ServiceUnavailable', 3);
    await put('b', 'x');
  }
  await fault('ServiceUnavailable', 4);
  await expect(put('b', 'x')).rejects.toThrow();
});

test('a denial by a policy is not retried', async () => {
  await fault('AccessDenied', 1);
  await expect(put('c', 'x')).rejects.toMatchObject({ name: 'AccessDenied' });
});

test('a read is repeated, too, and what is not there is missing at once', async () => {
  await put('d', 'content');
  await bucket.faults.set(
    'aws',
    parseFaults({ service: 's3', operation: 'GetObject', error: 'InternalError', times: 3 }),
  );
  await expect(store.read({ bucket: 'mail', key: 'd' }, 100)).resolves.toEqual(Buffer.from('content'));
  await expect(store.read({ bucket: 'mail', key: 'd' }, 1)).resolves.toBe('too-large');
  await expect(store.read({ bucket: 'mail', key: 'none' }, 100)).resolves.toBe('missing');
  await expect(store.read({ bucket: 'other', key: 'd' }, 100)).resolves.toBe('missing');
});
