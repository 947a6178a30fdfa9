import { describe, expect, it } from 'vitest';
import { AWS_SCOPE, closesPort, FaultBoard, InvalidFault, parseFaults } from '../../../local/faults/faults.ts';

const mail = { on: 'send', text: 'Subject: Hello\nTo: ada@example.org' } as const;

describe('parseFaults', () => {
  it('takes one fault or a list of every kind in the contract', () => {
    expect(parseFaults({ respond: { status: 500, headers: { 'Retry-After': 7 }, body: 'no' } })).toHaveLength(1);
    const list = [
      { network: 'hang-after-accept', rate: 0.5, times: 3, delayMs: 200, on: 'all', match: 'x' },
      { smtp: { stage: 'rcpt', reply: '550 5.1.1 no such user' } },
      { service: 'sqs', operation: 'SendMessage', error: 'ServiceUnavailable' },
      { service: 'dynamodb', network: 'forget', delayMs: 50 },
      { network: 'forget' },
      { delayMs: 200 },
    ];
    expect(parseFaults(list)).toEqual(list);
    expect(parseFaults([])).toEqual([]);
  });

  it.each([
    [{}, 'give one of respond'],
    [null, 'Fault 1 of 1'],
    [{ network: 'reset', color: 'red' }, 'color'],
    [{ network: 'explode' }, 'at network'],
    [{ respond: { status: 600 } }, 'at respond.status'],
    [{ respond: { status: 500, headers: { A: 'b\r\nc: d' } } }, 'one line'],
    [{ respond: { status: 500 }, network: 'reset' }, 'not several'],
    [{ error: 'ServiceUnavailable' }, 'need a service'],
    [{ service: 'sqs', network: 'reset' }, 'network other than forget are for providers; a service has error'],
    [{ service: 'sqs', error: 'X', match: 'ada' }, 'on and match are for providers'],
    [{ service: 's3', delayMs: 5, on: 'all' }, 'on and match are for providers'],
    [{ service: 'sqs', network: 'forget', error: 'X' }, 'not several'],
    [{ network: 'reset', rate: 1.5 }, 'at rate'],
    [{ network: 'reset', times: 0 }, 'at times'],
    [[{ network: 'reset' }, { smtp: { stage: 'helo', reply: '500' } }], 'Fault 2 of 2'],
  ])('refuses %j', (input, sentence) => {
    expect(() => parseFaults(input)).toThrow(InvalidFault);
    expect(() => parseFaults(input)).toThrow(sentence);
  });
});

describe('FaultBoard', () => {
  it('returns the first match, counts hits and skips a fault whose times are used up', async () => {
    const board = new FaultBoard();
    await board.set('mg', parseFaults([{ network: 'reset', match: 'HELLO', times: 2 }, { network: 'hang' }]));
    expect(board.match('mg', { ...mail, text: 'Other' })?.network).toBe('hang');
    expect([1, 2, 3].map(() => board.match('mg', mail)?.network)).toEqual(['reset', 'reset', 'hang']);
    expect(board.get('mg').map(({ hits }) => hits)).toEqual([2, 2]);
    expect(board.match('ses', mail)).toBeUndefined();
  });

  it('applies rate by the injected random numbers and counts only hits', async () => {
    const numbers = [0.1, 0.9, 0.49, 0.5];
    const board = new FaultBoard({ random: () => numbers.shift() ?? 1 });
    await board.set('mg', parseFaults({ network: 'reset', rate: 0.5 }));
    expect([1, 2, 3, 4].map(() => board.match('mg', mail) !== undefined)).toEqual([true, false, true, false]);
    expect(board.get('mg')[0]?.hits).toBe(2);
  });

  it('applies to sends by default', async () => {
    const board = new FaultBoard();
    await board.set('mg', parseFaults([{ network: 'reset', on: 'health' }, { network: 'hang' }]));
    expect(board.match('mg', { on: 'health', text: '' })?.network).toBe('reset');
    expect(board.match('mg', { on: 'send', text: '' })?.network).toBe('hang');
    expect(board.match('mg', { on: 'lookup', text: '' })).toBeUndefined();
  });

  it('matches services by operation', async () => {
    const board = new FaultBoard();
    await board.set('aws', parseFaults({ service: 'sqs', operation: 'SendMessage', error: 'ServiceUnavailable' }));
    expect(board.match('aws', { service: 'sqs', operation: 'SendMessage' })?.error).toBe('ServiceUnavailable');
    expect(board.match('aws', { service: 'sqs', operation: 'ReceiveMessage' })).toBeUndefined();
    expect(board.match('aws', { service: 's3', operation: 'SendMessage' })).toBeUndefined();
    await expect(board.set('aws', parseFaults({ network: 'reset' }))).rejects.toThrow('and network: forget.');
    await expect(board.set('aws', parseFaults({ delayMs: 5, match: 'ada' }))).rejects.toThrow(InvalidFault);
    await expect(board.set('mg', parseFaults({ service: 's3', error: 'SlowDown' }))).rejects.toThrow('/api/aws/fault');
  });

  it('waits for its listeners, and keeps the faults in force when one refuses', async () => {
    const board = new FaultBoard();
    const seen: string[] = [];
    board.onChange('mg', async (faults) => {
      await Promise.resolve();
      seen.push(faults.map(({ network }) => network).join());
      if (faults[0]?.network === 'hang') throw new Error('not here');
    });
    await board.set('mg', parseFaults({ network: 'reset' }));
    await expect(board.set('mg', parseFaults({ network: 'hang' }))).rejects.toThrow('not here');
    expect(board.get('mg').map(({ network }) => network)).toEqual(['reset']);
    await board.clear('mg');
    expect(seen).toEqual(['reset', 'hang', 'reset', '']);
  });

  it('ends the faults of AWS and of every provider, also of one that only receives mail', async () => {
    const board = new FaultBoard();
    await board.set(AWS_SCOPE, parseFaults({ service: 's3', error: 'SlowDown' }));
    await board.set('receives', parseFaults({ network: 'reset' }));
    await board.clearAll();

    expect([board.get(AWS_SCOPE), board.get('receives')]).toEqual([[], []]);
  });

  it('closes a port only for a refusal without conditions', () => {
    expect(closesPort(parseFaults({ network: 'refuse' }))).toBe(true);
    expect(closesPort(parseFaults({ network: 'refuse', rate: 0.5 }))).toBe(false);
    expect(closesPort(parseFaults({ network: 'refuse', on: 'health' }))).toBe(false);
    expect(closesPort(parseFaults({ network: 'refuse', on: 'health' }), 'health')).toBe(true);
    expect(closesPort(parseFaults({ network: 'reset' }))).toBe(false);
  });
});
