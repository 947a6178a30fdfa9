import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureJson, parsePosted } from '../../../lambda/contract/json-bounds.ts';
import { readSubmission } from '../../../lambda/contract/submission.ts';
import { readPosted } from '../../../lambda/providers/postmark/posted.ts';

const LIMITS = { depth: 5, parts: 10, bytes: 200 };
const measure = (text: string, limits = LIMITS) => measureJson(Buffer.from(text), limits);

describe('measuring JSON before it is parsed', () => {
  it.each([
    ['depth', '['.repeat(6)],
    ['depth', `{"a":`.repeat(6)],
    ['parts', `{${Array.from({ length: 11 }, (_, place) => `"${place}":1`)}}`],
    ['parts', `[${'1,'.repeat(11)}1]`],
    ['bytes', ' '.repeat(201)],
    ['bytes', '1'.repeat(201)],
    ['bytes', `{"text":"${'a'.repeat(200)}"}`],
    ['bytes', `{"attachments":"${'a'.repeat(200)}"}`],
    ['bytes', `{"calendar":{"content":"${'a'.repeat(200)}"}}`],
    ['bytes', `"${'\\"'.repeat(101)}`],
  ])('finds too much %s in %s', (excess, text) => {
    expect(measure(text).excess).toBe(excess);
  });

  it.each([
    '['.repeat(5),
    '[[[[[]]]]][[[[[]]]]]'.repeat(5),
    `{"text":"${'['.repeat(90)}${'\\"'.repeat(20)},,,,,,,,,,,,,,,,"}`,
    `{"attachments":[{"content":"${'a'.repeat(9_000)}"},{"content":"${'a'.repeat(9_000)}"}]}`,
    `{"\\u0061ttachments":[{"c\\u006fntent":"${'a'.repeat(9_000)}"}]}`,
    '"unended',
    '"\\',
    '}}}}]]]]',
    '',
  ])('finds nothing wrong with %s', (text) => {
    expect(measure(text).excess).toBeUndefined();
  });

  it('recognises a field that names an object in any spelling', () => {
    for (const name of ['"s3"', '"\\u0073\\u0033"', '"s\\u0033" ', '"s3"\n\t'])
      expect(measure(`{${name}:{}}`).namesObject).toBe(true);
    for (const text of ['{"a":"s3"}', '["s3"]', '{"S3":1}', '{"a":"\\"s3\\":"}'])
      expect(measure(text).namesObject).toBe(false);
  });

  it('counts as a parser does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.integer({ min: 1, max: 8 }), (text, depth) => {
        const nested = (value: unknown): number =>
          typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(nested)) : 0;
        const { excess } = measure(text, { depth, parts: 1_000_000, bytes: 1_000_000 });
        expect(excess === 'depth').toBe(nested(JSON.parse(text)) > depth);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['38 MB of brackets', () => '['.repeat(38_000_000), 'Malformed'],
    ['38 MB of objects in each other', () => '{"a":'.repeat(7_600_000), 'Malformed'],
    ['millions of names', () => `{${'"a":1,'.repeat(5_000_000)}"b":1}`, 'Malformed'],
    ['millions of entries', () => `[${'1,'.repeat(15_000_000)}1]`, 'Malformed'],
    ['38 MB of white space', () => ' '.repeat(38_000_000), 'TooLarge'],
    ['one long number', () => '1'.repeat(38_000_000), 'TooLarge'],
    ['38 MB of text', () => `{"text":"${'a'.repeat(38_000_000)}"}`, 'TooLarge'],
    ['38 MB of quotes', () => `{"text":"${'\\"'.repeat(19_000_000)}"}`, 'TooLarge'],
    ['38 MB of empty texts', () => `[${'"" '.repeat(12_000_000)}]`, 'TooLarge'],
  ])('%s are refused at once, and cost no memory', { timeout: 60_000 }, (_name, text, reason) => {
    const body = Buffer.from(text());
    const [begun, before] = [process.cpuUsage(), process.memoryUsage()];

    expect(readSubmission(body)).toMatchObject({ kind: 'problem', problem: { reason } });

    const after = process.memoryUsage();
    expect(process.cpuUsage(begun).user).toBeLessThan(5_000_000);
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(20_000_000);
  });

  it('allows 38 MB of attachments', () => {
    const content = 'a'.repeat(9_500_000);
    const attachments = Array.from({ length: 4 }, (_, place) => ({
      filename: `${place}`,
      contentType: 'a/b',
      content,
    }));
    const body = { version: 1, from: 'a@example.com', to: ['b@example.org'], text: 'hello', attachments };

    expect(readSubmission(Buffer.from(JSON.stringify(body))).kind).toBe('submission');
  });
});

describe('parsing what a provider posts', () => {
  it.each([
    ['depth', () => '['.repeat(6_000_000)],
    ['depth', () => `{"Headers":${'{"a":'.repeat(100)}`],
    ['parts', () => `{${'"a":1,'.repeat(900_000)}"b":1}`],
  ])('refuses too much %s before it fills the memory', (excess, text) => {
    expect(() => parsePosted(Buffer.from(text()))).toThrow(`too much ${excess}`);
    expect(readPosted(Buffer.from(text()))).toEqual({ kind: 'unreadable', detail: `too much ${excess} for a mail` });
  });

  it('accepts a hundred thousand headers', () => {
    const headers = Array.from({ length: 100_000 }, (_, place) => ({ Name: `X-${place}`, Value: 'v' }));

    expect(parsePosted(JSON.stringify({ Headers: headers }))).toEqual({ Headers: headers });
  });
});
