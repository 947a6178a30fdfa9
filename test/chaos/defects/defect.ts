import type { SQSRecord } from 'aws-lambda';
import type { Seams } from '../../../chaos/releases/process.ts';
import type { AttemptResult } from '../../../lambda/mail/outcome.ts';
import type { Item, Table } from '../../../lambda/platform/table.ts';
import type { Attempt } from '../../../lambda/providers/provider.ts';
import type { NotCalled } from '../../../lambda/sender/call.ts';

/** A defect, planted between this release and the world. */
export interface Defect extends Seams {
  /** Prefixes of the violations that may find it. */
  readonly foundAs: readonly string[];
  /** Whether Lambda permits loops. @default - as deployed */
  readonly allowsLoops?: boolean;
}

/** Defects by name, as in the table of ADR 12. */
export type Defects = Readonly<Record<string, Defect>>;

type Called = Promise<AttemptResult | NotCalled>;

/** Replaces every call of a provider. */
export function calls(change: (call: (attempt: Attempt) => Called, attempt: Attempt) => Called): Seams {
  return {
    ports: (ports) => ({
      ...ports,
      call: (provider, attempt) => change((one) => ports.call(provider, one), attempt),
    }),
  };
}

/** Replaces every message to a queue. */
export function sends(
  change: (
    attributes: Readonly<Record<string, string>>,
    delay: number,
    url: string,
  ) => [Readonly<Record<string, string>>, number],
): Seams {
  return {
    ports: (ports) => ({
      ...ports,
      queue: {
        send: (url, body, attributes = {}, delay = 0, group) =>
          ports.queue.send(url, body, ...change(attributes, delay, url), group),
      },
    }),
  };
}

/** Replaces the items that the code reads from the table. */
export function sees(look: (item: Item, now: number) => Item | undefined): Seams {
  const changed = (table: Table, now: () => number): Table => {
    const change = (item: Item) => look(item, now());
    const seen = (item: Item | undefined) => item && change(item);
    return {
      get: async (pk) => seen(await table.get(pk)),
      getAll: async (pks) =>
        new Map(
          Array.from(await table.getAll(pks)).flatMap(([pk, item]) =>
            [change(item)].flatMap((one) => (one ? [[pk, one] as const] : [])),
          ),
        ),
      write: async (item, expected) => {
        const written = await table.write(item, expected);
        return written.done ? written : { done: false, current: seen(written.current) };
      },
    };
  };
  return { ports: (ports) => ({ ...ports, table: changed(ports.table, ports.clock.now) }) };
}

/** Replaces the submission that the code reads; messages that it sends have the original body. */
export function reads(change: (submission: Record<string, unknown>) => Record<string, unknown>): Seams {
  const originals = new Map<string, string>();
  const changed = (body: string): string => {
    const other = JSON.stringify(change(JSON.parse(body)));
    originals.set(other, body);
    return other;
  };
  return {
    ports: (ports) => ({
      ...ports,
      objects: {
        ...ports.objects,
        read: async (reference, maxBytes) => {
          const object = await ports.objects.read(reference, maxBytes);
          const isSubmission = Buffer.isBuffer(object) && object.toString().startsWith('{"version"');
          return isSubmission ? Buffer.from(changed(object.toString())) : object;
        },
      },
      queue: { send: (url, body, ...more) => ports.queue.send(url, originals.get(body) ?? body, ...more) },
    }),
    handler: (handler) => (records, remainingMs) =>
      handler(
        records.map((record): SQSRecord => ({ ...record, body: changed(record.body) })),
        remainingMs,
      ),
  };
}
