import { describe, expect, it } from 'vitest';
import type { Item } from '../../../lambda/platform/table.ts';
import { readAcceptedBy } from '../../../lambda/submission/supersedes.ts';

const entry = (fields: Record<string, unknown>): Item => ({ pk: 'submission/a', rev: 3, ...fields });
const attempt = (provider: string, outcome?: string) => ({
  number: 1,
  provider,
  begun: 1,
  ...(outcome && { outcome }),
});

const hadBy = (item: Item | undefined) => readAcceptedBy({ get: async () => item }, 'a');

describe('providers of a superseded submission', () => {
  it('are those that accepted it, and those that may have', async () => {
    const attempts = [
      attempt('postmark', 'unavailable'),
      attempt('mailgun', 'unknown'),
      attempt('own', 'refused'),
      attempt('other', 'throttled'),
      attempt('ses', 'accepted'),
      attempt('backup'),
    ];

    expect(await hadBy(entry({ attempts }))).toEqual(['mailgun', 'ses', 'backup']);
  });

  it('include those of the whole chain once, the latest last', async () => {
    const attempts = [attempt('postmark', 'unknown'), attempt('postmark', 'accepted')];

    const all = entry({ acceptedBefore: ['ses', 'postmark', 'mailgun'], attempts });

    expect(await hadBy(all)).toEqual(['ses', 'mailgun', 'postmark']);
  });

  it.each([
    ['no entry', undefined],
    ['an entry without attempts', entry({})],
    ['an entry that another release wrote', entry({ acceptedBefore: 'ses', attempts: { 1: 'ses' } })],
    [
      'attempts of another shape',
      entry({ acceptedBefore: [null, 7], attempts: [null, 'ses', { outcome: 'accepted' }] }),
    ],
  ])('are none for %s', async (_, item) => {
    expect(await hadBy(item)).toEqual([]);
  });

  it('are read by the id, and none when the table does not answer', async () => {
    const asked: string[] = [];
    const answering = async (pk: string) => {
      asked.push(pk);
      return entry({ attempts: [attempt('ses', 'accepted')] });
    };
    const failing = () => Promise.reject(new Error('throttled'));

    expect(await readAcceptedBy({ get: answering }, 'order-1')).toEqual(['ses']);
    expect(asked).toEqual(['submission/order-1']);
    expect(await readAcceptedBy({ get: failing }, 'order-1')).toEqual([]);
  });
});
