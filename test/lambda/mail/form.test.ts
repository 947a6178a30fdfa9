import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readForm } from '../../../lambda/mail/form.ts';

const view = (contentType: string, body: string) =>
  readForm(contentType, Buffer.from(body, 'latin1'))?.fields.map(({ name, filename, value }) => [
    name,
    value.toString('latin1'),
    ...(filename === undefined ? [] : [filename]),
  ]);

test('returns undefined for anything but a form', () => {
  for (const type of ['', 'text/plain', 'application/json', 'multipart/form-data', 'multipart/form-data; boundary='])
    expect(readForm(type, Buffer.from('a=1'))).toBeUndefined();
});

test('percent signs are decoded to bytes, repeats are kept', () => {
  expect(view('Application/X-WWW-Form-Urlencoded; charset=utf-8', 'a=1+2&&a=%ff%0&b&=x&c%2b=%zz%41')).toEqual([
    ['a', '1 2'],
    ['a', '\xff%0'],
    ['b', ''],
    ['', 'x'],
    ['c+', '%zzA'],
  ]);
});

test('parts keep their bytes, with names and file names in every notation', () => {
  const part = (disposition: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
  const body =
    part('name="a"', '1\r\n--bc') +
    part('name="f"; filename="x \\"y\\" %22z%22.txt"', '\0\xff') +
    part('name=g; filename=plain.txt', '') +
    part('name="h"; filename="_"; filename*=UTF-8\'\'na%C3%AFve+.txt', 'z') +
    '--b\r\nX: y\r\n\r\nno name\r\n--b--\r\nepilogue';
  const form = readForm('multipart/form-data; boundary="b"', Buffer.from(body, 'latin1'));
  expect(form?.complete).toBe(true);
  expect(form?.fields.map(({ name, filename, value }) => [name, value.toString('latin1'), filename])).toEqual([
    ['a', '1\r\n--bc', undefined],
    ['f', '\0\xff', 'x "y" "z".txt'],
    ['g', '', 'plain.txt'],
    ['h', 'z', 'naïve+.txt'],
  ]);
});

test('a form that was cut off gives the fields that are there, and is marked incomplete', () => {
  const form = readForm(
    'multipart/form-data; boundary=b',
    Buffer.from('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf'),
  );
  expect(form?.fields.map(({ value }) => value.toString())).toEqual(['half']);
  expect(form?.complete).toBe(false);
});

test('forms written by the platform are read back', async () => {
  const field = fc.tuple(
    fc.string({ minLength: 1, maxLength: 20 }).filter((name) => !/[\r\n%\\]/.test(name)),
    fc.uint8Array({ maxLength: 100 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(field, { maxLength: 10 }), async (entries) => {
      const data = new FormData();
      for (const [name, bytes] of entries) data.append(name, new Blob([bytes as Uint8Array<ArrayBuffer>]), 'f.bin');
      const request = new Response(data);
      const body = Buffer.from(await request.arrayBuffer());
      const form = readForm(request.headers.get('content-type') ?? '', body);
      expect(form?.fields.map(({ name, value }) => [name, value.toString('hex')])).toEqual(
        entries.map(([name, bytes]) => [name, Buffer.from(bytes).toString('hex')]),
      );
    }),
  );
});

test('no bytes make it throw', () => {
  const piece = fc.constantFrom(
    '\r\n',
    '--b',
    '--',
    '\0',
    'Content-Disposition: form-data; name="a"',
    '\r\n\r\n',
    '"',
    ';',
    '=',
    '&',
    '%',
    'x',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      readForm('multipart/form-data; boundary=b', Buffer.from(pieces.join('')));
      readForm('application/x-www-form-urlencoded', Buffer.from(pieces.join('')));
    }),
    { numRuns: 3_000 },
  );
});
