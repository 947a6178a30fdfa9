import type { Item } from '../../../lambda/platform/table.ts';
import { type Defects, reads, sees, sends } from './defect.ts';
import { withoutLineage, withoutSignature } from './without-lineage.ts';

/** Defects that lose mail on the way from one queue to another, or lose the stored state of a mail. */
export const homes: Defects = {
  'another content under a known id goes unnoticed': {
    foundAs: ['lost', 'id used twice'],
    ports: (ports) => {
      const hashes = new Map<string, unknown>();
      const seen = (item: Item | undefined) => item && { ...item, hash: hashes.get(item.pk) ?? item['hash'] };
      return {
        ...ports,
        table: {
          ...ports.table,
          write: async (item, expected) => {
            hashes.set(item.pk, item['hash']);
            const written = await ports.table.write(item, expected);
            return written.done ? written : { done: false, current: seen(written.current) };
          },
        },
      };
    },
  },
  'it sends although the ledger failed': {
    foundAs: ['called without the ledger'],
    ports: (ports) => ({
      ...ports,
      table: {
        ...ports.table,
        write: (item, expected) =>
          ports.table.write(item, expected).catch((error: unknown) => {
            if (!item.pk.startsWith('submission/')) throw error;
            return { done: true, item: { ...item, rev: (expected ?? 0) + 1 } };
          }),
      },
    }),
  },
  'no lineage is kept': {
    foundAs: ['circulates twice'],
    ports: (ports) => ({ ...ports, table: withoutLineage(ports.table), queue: withoutSignature(ports.queue) }),
  },
  'Lambda ends our loops': { foundAs: ['dead letter'], allowsLoops: false },
  'the first batch of each process is deleted unsent': {
    foundAs: ['lost'],
    handler: (handler) => {
      let first = true;
      return async (records, remainingMs) => {
        if (!first) return handler(records, remainingMs);
        first = false;
        return { batchItemFailures: [] };
      };
    },
  },
  'canaries are deleted unsent': {
    foundAs: ['canary lost in the quiet phase'],
    handler: (handler) => (records, remainingMs) =>
      handler(
        records.filter(
          ({ messageAttributes: { SubmissionId: id } }) => !id?.stringValue?.startsWith('mailover-canary:'),
        ),
        remainingMs,
      ),
  },
  'the handler throws where SQS fails': {
    foundAs: ['handler threw'],
    handler: (handler) => async (records, remainingMs) => {
      const response = await handler(records, remainingMs);
      if (response.batchItemFailures.length > 0) throw new Error('planted');
      return response;
    },
  },
  'fields of a later release are dropped': {
    foundAs: ['field forgotten'],
    ports: (ports, worker) => ({
      ...ports,
      table: {
        ...ports.table,
        write: ({ laterBy: _, ...item }, expected) =>
          ports.table.write(worker.release === 'newer' ? { ...item, laterBy: worker.name } : item, expected),
      },
    }),
  },
  'a dead letter says that all were served': {
    foundAs: ['lost'],
    ...sends((attributes, delay, url) => [
      url === 'dead-letter' ? { ...attributes, Done: '0,1,2,3,4,5,6,7,8,9' } : attributes,
      delay,
    ]),
  },
  'a dead letter has no reason': {
    foundAs: ['attributes missing'],
    ...sends((attributes, delay, url) => [url === 'dead-letter' ? {} : attributes, delay]),
  },
  'a queue that fails is taken to have the message': {
    foundAs: ['lost'],
    ports: (ports) => ({
      ...ports,
      queue: { send: (...message) => ports.queue.send(...message).catch(() => undefined) },
    }),
  },
  'no event is sent for a suppressed recipient': {
    foundAs: ['lost'],
    ports: (ports) => ({
      ...ports,
      queue: { send: async (url, ...more) => (url === 'events' ? undefined : ports.queue.send(url, ...more)) },
    }),
  },
  'messages lose their group on the way': {
    foundAs: ['group lost'],
    ports: (ports) => ({
      ...ports,
      queue: { send: (url, body, attributes, delay) => ports.queue.send(url, body, attributes, delay) },
    }),
  },
  'a returned message counts as one that crashes the process': {
    foundAs: ['dead letter'],
    ...sees((item) => (item.pk.startsWith('crash/') ? { ...item, crashes: 3 } : item)),
  },
  'redriven messages are deleted': {
    foundAs: ['lost'],
    handler: (handler) => (records, remainingMs) =>
      handler(
        records.filter(({ messageAttributes }) => !messageAttributes['Reason']),
        remainingMs,
      ),
  },
  'mail that must not be sent twice is sent again': {
    foundAs: ['unexplained'],
    ...reads((submission) => ({ ...submission, onUnknown: 'failover' })),
  },
};
