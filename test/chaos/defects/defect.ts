import type { SQSRecord } from 'aws-lambda';
import type { Seams } from '../../../chaos/releases/process.ts';
import type { AttemptResult } from '../../../lambda/mail/outcome.ts';
import type { Item, Table } from '../../../lambda/platform/table.ts';
import type { Attempt } from '../../../lambda/providers/provider.ts';
import type { NotCalled } from '../../../lambda/sender/call.ts';

/** A defect that a test plants on purpose, in the interface between Mailover's code and the simulated world around this code. */
export interface Defect extends Seams {
  /**
   * Prefixes of violation texts. If the simulation finds the defect, the check of its results reports a violation with one of
   * these prefixes.
   */
  readonly foundAs: readonly string[];
  /** Whether Lambda permits recursive loops (`RecursiveLoop`). @default - as deployed */
  readonly allowsLoops?: boolean;
}

/** Defects by name; the table in ADR 12 has the same names. */
export type Defects = Readonly<Record<string, Defect>>;

type Called = Promise<AttemptResult | NotCalled>;

/** Changes every call to a provider: `change` gets the function that makes the original call, and the attempt to send. */
export function calls(change: (call: (attempt: Attempt) => Called, attempt: Attempt) => Called): Seams {
  return {
    ports: (ports) => ({
      ...ports,
      call: (provider, attempt) => change((one) => ports.call(provider, one), attempt),
    }),
  };
}

/** Changes the message attributes and the delay of every message that is sent to a queue. */
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

/** Changes the items that the sender's code reads from the table. */
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

/** Changes the submission that the sender's code reads; messages that the code sends have the original body. */
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
