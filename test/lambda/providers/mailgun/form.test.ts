import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { Form } from '../../../../lambda/providers/mailgun/form.ts';

it('another reader of forms finds the fields in order, with the bytes of the file unchanged', async () => {
  const file = Buffer.from([0x0d, 0x0a, 0x0a, 0xff, 0x2d, 0x2d]);
  const form = new Form();
  form.append('to', 'a@example.com');
  form.append('message', file, { filename: 'MimeMessage' });
  form.append('to', 'ü@example.com');
  form.append('v:a"b\r\nc', 'two\nlines');

  const bytes = await promisify(form.getLength.bind(form))();
  const body = await buffer(form);
  const read = await new Response(body, { headers: form.getHeaders() }).formData();

  expect(body.length).toBe(bytes);
  const message = read.get('message') as File;
  expect([message.name, Buffer.from(await message.arrayBuffer())]).toEqual(['MimeMessage', file]);
  expect([...read].filter(([name]) => name !== 'message')).toEqual([
    ['to', 'a@example.com'],
    ['to', 'ü@example.com'],
    ['v:a"b\r\nc', 'two\r\nlines'],
  ]);
});
