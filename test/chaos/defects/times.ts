import type { SQSRecord } from 'aws-lambda';
import type { SenderEnvironment } from '../../../lambda/contract/environment.ts';
import { type Defects, reads, sees, sends } from './defect.ts';

const HOUR_MS = 3_600_000;
/** Returns the attributes of a message with `NotBefore` changed to a time that is `ms` milliseconds earlier. */
const soon = (attributes: Readonly<Record<string, string>>, ms: number) => ({
  ...attributes,
  NotBefore: new Date(Date.parse(attributes['NotBefore'] ?? '') - ms).toISOString(),
});

/** Defects that send mail too late, give mail up too early, or try to send mail too often or too seldom. */
export const times: Defects = {
  'mail is sent after its expiresAt': {
    foundAs: ['sent too late'],
    ...reads(({ expiresAt: _, ...submission }) => submission),
  },
  'the time of a class is not kept': {
    foundAs: ['sent too late'],
    ...routed(({ expiresAfterSeconds: _, ...route }) => route),
  },
  'the time of a class is twice as long': {
    foundAs: ['sent too late'],
    ...routed((route) => ({
      ...route,
      ...(route.expiresAfterSeconds && { expiresAfterSeconds: 2 * route.expiresAfterSeconds }),
    })),
  },
  'the time of a class is half as long': {
    foundAs: ['dead letter'],
    ...routed((route) => ({
      ...route,
      ...(route.expiresAfterSeconds && { expiresAfterSeconds: route.expiresAfterSeconds / 2 }),
    })),
  },
  'mail is given up after two days': { foundAs: ['dead letter'], ...aged(2) },
  'mail is given up after eight days': { foundAs: ['sent too late', 'dead letter'], ...aged(0.5) },
  'a later version is dead-lettered at once': {
    foundAs: ['dead letter'],
    ports: (ports) => ({ ...ports, environment: { ...ports.environment, maxReceiveCount: 1 } }),
  },
  'every wait is an hour': {
    foundAs: ['waits too long'],
    ...sends((attributes, delay, url) =>
      url.startsWith('retry') ? [soon(attributes, -HOUR_MS), 900] : [attributes, delay],
    ),
  },
  'every retry takes a quarter of an hour': {
    foundAs: ['waits too long'],
    ...sends((attributes, delay, url) => [attributes, url.startsWith('retry') ? 900 : delay]),
  },
  'each message is sent at its second receive': {
    foundAs: ['late in the quiet phase', 'late in the scripted phase'],
    handler: (handler) => async (records, remainingMs) => {
      const isFirst = (record: SQSRecord) => record.attributes.ApproximateReceiveCount === '1';
      const rest = records.filter((record) => !isFirst(record));
      const { batchItemFailures } = rest.length > 0 ? await handler(rest, remainingMs) : { batchItemFailures: [] };
      const left = records.filter(isFirst).map(({ messageId }) => ({ itemIdentifier: messageId }));
      return { batchItemFailures: [...batchItemFailures, ...left] };
    },
  },
  'the claim of a dead worker lasts three hours longer': {
    foundAs: ['late', 'stuck'],
    ...sees((item) => {
      const lease = item['lease'] as { readonly until: number } | undefined;
      return lease ? { ...item, lease: { ...lease, until: lease.until + 3 * HOUR_MS } } : item;
    }),
  },
  'a message of a retry queue is never deleted': {
    foundAs: ['runaway', 'stuck'],
    handler: (handler) => async (records, remainingMs) => {
      const { batchItemFailures } = await handler(records, remainingMs);
      const kept = records.filter(({ eventSourceARN }) => eventSourceARN.includes('retry'));
      return {
        batchItemFailures: [...batchItemFailures, ...kept.map(({ messageId }) => ({ itemIdentifier: messageId }))],
      };
    },
  },
  'retries come at once': {
    foundAs: ['runaway'],
    ...sends((attributes, delay, url) =>
      url.startsWith('retry') ? [soon(attributes, HOUR_MS), 0] : [attributes, delay],
    ),
  },
};

function routed(
  change: (route: NonNullable<SenderEnvironment['routes']>[number]) => NonNullable<SenderEnvironment['routes']>[number],
): Pick<Defects[string], 'ports'> {
  return {
    ports: (ports) => ({
      ...ports,
      environment: { ...ports.environment, routes: (ports.environment.routes ?? []).map(change) },
    }),
  };
}

/** Multiplies by `times` the age of waiting mail, as the sender's code reads this age. Messages that the code sends keep the real age. */
function aged(times: number): Pick<Defects[string], 'ports' | 'handler'> {
  const truth = new Map<string, string>();
  return {
    ...sends((attributes, delay) => {
      const firstSeen = truth.get(attributes['SubmissionId'] ?? '');
      return [firstSeen === undefined ? attributes : { ...attributes, FirstSeen: firstSeen }, delay];
    }),
    handler: (handler, worker) => (records, remainingMs) =>
      handler(
        records.map((record): SQSRecord => {
          const { FirstSeen: firstSeen, SubmissionId: id, NotBefore: retried } = record.messageAttributes;
          if (!firstSeen?.stringValue || !id?.stringValue || !retried) return record;
          truth.set(id.stringValue, firstSeen.stringValue);
          const now = worker.clock.now();
          const wrong = new Date(now - times * (now - Date.parse(firstSeen.stringValue))).toISOString();
          return {
            ...record,
            messageAttributes: { ...record.messageAttributes, FirstSeen: { dataType: 'String', stringValue: wrong } },
          };
        }),
        remainingMs,
      ),
  };
}
