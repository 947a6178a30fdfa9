import { describe, expect, it } from 'vitest';
import { failedMessages } from '../../../local/lambda/sqs-event.ts';

const BATCH = [{ messageId: 'a' }, { messageId: 'b' }];

describe('failedMessages', () => {
  it.each([undefined, null, '', {}, { batchItemFailures: null }, { batchItemFailures: [] }])(
    'takes %j for a success of all',
    (answer) => {
      expect([...failedMessages(answer, BATCH)]).toEqual([]);
    },
  );

  it('keeps the named messages only', () => {
    expect([...failedMessages({ batchItemFailures: [{ itemIdentifier: 'b' }] }, BATCH)]).toEqual(['b']);
  });

  it.each([
    'text',
    { batchItemFailures: 'b' },
    { batchItemFailures: [{ itemIdentifier: '' }] },
    { batchItemFailures: [{ itemIdentifier: null }] },
    { batchItemFailures: [{ wrong: 'b' }] },
    { batchItemFailures: [{ itemIdentifier: 'a' }, { itemIdentifier: 'stranger' }] },
  ])('keeps the whole batch for %j', (answer) => {
    expect([...failedMessages(answer, BATCH)]).toEqual(['a', 'b']);
  });
});
