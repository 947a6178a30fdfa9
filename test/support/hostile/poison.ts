import { randomBytes } from 'node:crypto';
import { PLANT } from './submissions.ts';

const mail = { version: 1, from: `${PLANT}@example.com`, to: [`${PLANT}@example.org`], subject: PLANT, text: PLANT };

/**
 * Returns S3 objects by their key. Their content is made to exhaust the memory or the time of the sender: for example tens of
 * megabytes of brackets, names, commas or one string.
 */
export function poisonObjects(bucket: string): ReadonlyMap<string, Buffer> {
  const MB = 1_000_000;
  const open = JSON.stringify(mail).slice(0, -1);
  const repeated = (piece: string, bytes: number) => piece.repeat(Math.floor(bytes / piece.length));
  const objects: Readonly<Record<string, string | Buffer>> = {
    brackets: repeated('[', 38 * MB),
    'closed brackets': `${repeated('[', 19 * MB)}${repeated(']', 19 * MB)}`,
    'brackets in a field': `${open},"metadata":${repeated('{"a":', 38 * MB)}`,
    keys: `{${Array.from({ length: 3_000_000 }, (_, place) => `"${place}":0`).join()}}`,
    'the same key': `{${repeated('"a":1,', 38 * MB)}"a":1}`,
    commas: `${open},"to":[${repeated('"a@example.org",', 38 * MB)}"b@example.org"]}`,
    'empty lists': `${open},"cc":[${repeated('[],', 38 * MB)}[]]}`,
    'a string': `${open},"html":"${repeated('<p>', 38 * MB)}"}`,
    'escapes in a string': `${open},"html":"${repeated('\\u0000', 38 * MB)}"}`,
    'a string without end': `${open},"html":"${repeated('\\"', 38 * MB)}`,
    'content that is not base64': `${open},"attachments":[{"filename":"a","contentType":"a/b","content":"${repeated('\\u0041', 38 * MB)}"}]}`,
    'content of many attachments': `${open},"attachments":[${repeated('{"filename":"a","contentType":"a/b","content":""},', 3 * MB)}{}]}`,
    quotes: repeated('"', 38 * MB),
    'too large': Buffer.alloc(41 * MB, 0x20),
    zeros: Buffer.alloc(20 * MB),
    noise: randomBytes(20 * MB),
    nothing: '',
    'a pointer to itself': JSON.stringify({
      version: 1,
      s3: { bucket, key: 'submissions/poison/a pointer to itself' },
    }),
    gzip: Buffer.concat([Buffer.from([0x1f, 0x8b]), randomBytes(1_000)]),
  };
  return new Map(
    Object.entries(objects).map(([name, content]) => [`submissions/poison/${name}`, Buffer.from(content)]),
  );
}

/**
 * Returns the bodies of submissions that refer to S3 objects. Some refer to an object with one of these keys, as the whole
 * submission or as an attachment. Others refer to objects that no submission may use.
 */
export function poisonPointers(bucket: string, keys: Iterable<string>): readonly string[] {
  const pointer = (s3: object) => JSON.stringify({ version: 1, s3 });
  const elsewhere = [
    'submissions/../inbound/raw/x',
    'submissions/%2e%2e/inbound/x',
    'submissions//./x',
    'inbound/raw/x',
    '/submissions/x',
    'Submissions/x',
    `submissions/${PLANT}`,
  ];
  return [
    ...Array.from(keys).flatMap((key) => {
      const attachment = { filename: 'a.bin', contentType: 'application/octet-stream', s3: { bucket, key } };
      return [pointer({ bucket, key }), JSON.stringify({ ...mail, attachments: [attachment] })];
    }),
    ...elsewhere.map((key) => pointer({ bucket, key })),
    pointer({ bucket: `${PLANT}-bucket`, key: 'submissions/x' }),
  ];
}
