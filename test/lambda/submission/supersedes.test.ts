import { describe, expect, it } from 'vitest';
import type { Item, Table } from '../../../lambda/platform/table.ts';
import { hadBy, readHad } from '../../../lambda/submission/supersedes.ts';

const entry = (fields: Record<string, unknown>): Item => ({ pk: 'submission/a', rev: 3, ...fields });
const attempt = (provider: string, outcome?: string) => ({
  number: 1,
  provider,
  begun: 1,
  ...(outcome && { outcome }),
});

describe('providers of a superseded submission', () => {
  it('are those that accepted it, and those that may have', () => {
    const attempts = [
      attempt('postmark', 'unavailable'),
      attempt('mailgun', 'unknown'),
      attempt('own', 'refused'),
      attempt('other', 'throttled'),
      attempt('ses', 'accepted'),
      attempt('backup'),
    ];

    expect(hadBy(entry({ attempts }))).toEqual(['mailgun', 'ses', 'backup']);
  });

  it('include those of the whole chain once, the latest last', () => {
    const attempts = [attempt('postmark', 'unknown'), attempt('postmark', 'accepted')];

    expect(hadBy(entry({ had: ['ses', 'postmark', 'mailgun'], attempts }))).toEqual(['ses', 'mailgun', 'postmark']);
  });

  it.each([
    ['no entry', undefined],
    ['an entry without attempts', entry({})],
    ['an entry that another release wrote', entry({ had: 'ses', attempts: { 1: 'ses' } })],
    ['attempts of another shape', entry({ had: [null, 7], attempts: [null, 'ses', { outcome: 'accepted' }] })],
  ])('are none for %s', (_, item) => {
    expect(hadBy(item)).toEqual([]);
  });

  it('are read by the id, and none when the table does not answer', async () => {
    const table = (get: Table['get']) => ({ get }) as Table;
    const asked: string[] = [];
    const answering = table(async (pk) => {
      asked.push(pk);
      return entry({ attempts: [attempt('ses', 'accepted')] });
    });

    expect(await readHad(answering, 'order-1')).toEqual(['ses']);
    expect(asked).toEqual(['submission/order-1']);
    expect(
      await readHad(
        table(() => Promise.reject(new Error('throttled'))),
        'order-1',
      ),
    ).toEqual([]);
  });
});
