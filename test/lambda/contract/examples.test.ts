import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readMime } from '../../../lambda/inbound/mime.ts';
import { intake } from '../../../lambda/sender/intake.ts';

const folder = new URL('../../../examples/', import.meta.url);
const readme = readFileSync(new URL('README.md', folder), 'utf8');
const FILES = [...readme.matchAll(/examples\/([\w.-]+)/g)].map(([, name]) => name ?? '');

describe.each(FILES.filter((name) => name.endsWith('.json')))('examples/%s', (name) => {
  const body = readFileSync(new URL(name, folder));

  it('is a submission that intake takes', async () => {
    const objects = { read: async () => 'missing' as const };
    const taken = await intake(body.toString(), 'fallback', objects, { providers: [], routes: [] }, Date.now());
    expect(taken).toMatchObject({ kind: 'ready', submission: { id: expect.any(String) } });
  });
});

it('examples/letter.eml has a text and a picture', () => {
  const { text, files } = readMime(readFileSync(new URL('letter.eml', folder)));
  expect(text).toContain('still under guarantee');
  expect(files).toEqual([expect.objectContaining({ filename: 'kettle.png' })]);
});

it('lists every example', () => {
  expect(FILES).toHaveLength(5);
});
