import type { DeliveryEvent } from '../../lambda/contract/event.ts';
import { deliveriesOf } from '../../lambda/events/delivery.ts';
import { keptEvent } from '../../lambda/events/event-item.ts';
import { takeEvents } from '../../lambda/events/take.ts';
import type { ListItem, ListTable } from '../../lambda/platform/list-table.ts';
import type { Queue } from '../../lambda/platform/queue.ts';
import type { ReportedEvent } from '../../lambda/providers/event.ts';
import { unwantedNotes } from '../../lambda/reputation/hours.ts';
import type { Faults } from '../faults/plan.ts';
import { GONE } from '../mails/mail.ts';
import type { Call } from './provider.ts';
import type { Random } from './random.ts';
import { SILENT_LOG } from './silent-log.ts';
import type { SimulatedTable } from './table.ts';
import type { Timeline } from './timeline.ts';
import { type DelayedAnswer, SimulatedWorker } from './worker.ts';

/** What a provider reports of one accepted mail for one recipient. */
export interface Course {
  readonly submissionId: string;
  readonly provider: string;
  readonly recipient: string;
  readonly events: readonly { readonly id: string; readonly type: DeliveryEvent['type'] }[];
}

/** Keyed hash of an address, in a form that costs no time. */
export const hashesOf = async (address: string): Promise<readonly [string]> => [hashOf(address)];

function hashOf(address: string): string {
  return `hash of ${address}`;
}

/** Mails of which events are reported: every fourth, since all of them would cost a third of the time, and all whose answer was lost. */
const SAMPLE = 4;
const LOST: ReadonlySet<string> = new Set(['hang-taken', 'reset-taken', 'dead-sockets']);
const CANARY = 'mailover-canary:';
/** Time after which a provider repeats a post without an answer. */
const PATIENCE_MS = 30_000;

type Lists = Pick<ListTable, 'add' | 'list'>;

/** Replaces the lists that the function for events uses: defects are planted there. */
export type ListsSeam = (lists: Lists) => Lists;

/**
 * The delivery events of the providers: late, doubled, in any order, and posted again until they are taken; and the function
 * that takes them, with its real code, whose process may be killed.
 */
export class SimulatedEvents {
  /** Posts that are not yet answered. */
  pending = 0;
  readonly courses: Course[] = [];
  /** Ids of the events that are on the events queue, by the provider's id. */
  readonly queued = new Set<string>();
  /** Ids of the events whose post was answered with success. */
  readonly taken = new Set<string>();
  private count = 0;
  private readonly timeline: Timeline;
  private readonly faults: Faults;
  private readonly random: Random;
  private readonly table: SimulatedTable;
  private readonly seam: ListsSeam;

  constructor(timeline: Timeline, faults: Faults, random: Random, table: SimulatedTable, seam: ListsSeam = (it) => it) {
    this.timeline = timeline;
    this.faults = faults;
    this.random = random;
    this.table = table;
    this.seam = seam;
  }

  /** A provider accepted a mail for these recipients: it will report what becomes of it. */
  accepted(provider: string, call: Call, recipients: readonly string[], providerMessageId: string): void {
    const { message, number } = call.attempt;
    const isSampled = message.handle.charCodeAt(0) % SAMPLE === 0 || LOST.has(call.fault ?? '');
    // News of a canary is for no application.
    const gone = recipients.filter((one) => one.startsWith(GONE));
    if ((!isSampled && gone.length === 0) || message.id.startsWith(CANARY)) return;
    for (const recipient of gone.length > 0 ? gone : recipients) {
      const isGone = gone.includes(recipient);
      const types = isGone ? (['bounced'] as const) : this.drawCourse();
      const events = types.map((type) => ({ id: `${provider}-${++this.count}`, type }));
      this.courses.push({ submissionId: message.id, provider, recipient, events });
      for (const [place, { id, type }] of events.entries()) {
        const event: ReportedEvent = {
          type,
          ...(type === 'bounced' && { bounce: 'hard' as const }),
          eventId: id,
          recipient,
          providerMessageId,
          reference: {
            submissionId: message.id,
            attempt: number,
            ...(message.class !== undefined && { class: message.class }),
          },
          at: Math.round(this.timeline.now) + place,
        };
        const copies = this.random.chance(0.2) ? 2 : 1;
        for (let copy = 0; copy < copies; copy += 1)
          this.later(isGone ? this.random.between(5_000, 30_000) : this.random.scaled(200, 600_000), provider, event);
      }
    }
  }

  private drawCourse(): DeliveryEvent['type'][] {
    const { random } = this;
    const first: DeliveryEvent['type'][] = random.chance(0.1) ? ['accepted', 'deferred'] : ['accepted'];
    if (random.chance(0.05)) return [...first, ...(random.chance(0.3) ? ['delivered' as const] : []), 'bounced'];
    return [...first, 'delivered', ...(random.chance(0.03) ? ['complained' as const] : [])];
  }

  private later(afterMs: number, provider: string, event: ReportedEvent): void {
    this.pending += 1;
    this.timeline.after(afterMs, () => this.post(provider, event));
  }

  /** Posts an event once; if it is not taken, the provider posts it again. */
  private post(provider: string, event: ReportedEvent): void {
    const { timeline, faults, random, table } = this;
    const again = (afterMs: number): void => {
      this.pending -= 1;
      this.later(afterMs, provider, event);
    };
    const worker = new SimulatedWorker(`events-${event.eventId}`, 'current', 0, timeline, () =>
      again(PATIENCE_MS + random.scaled(1_000, 300_000)),
    );
    worker.thaw(faults.strikes('kill', random) ? 1 + random.int(8) : undefined);
    timeline.wake();
    const lists = this.seam(table.lists(worker));
    takeEvents(provider, [event], {
      environment: { eventsQueueUrl: 'events' },
      lists,
      noteUnwanted: unwantedNotes(lists, { clock: worker.clock, timeScale: 1 }),
      table: table.of(worker),
      hashes: hashesOf,
      queue: this.queueOf(worker, event.eventId),
      clock: worker.clock,
      log: SILENT_LOG,
      metrics: { add: () => undefined },
    }).then(
      () => {
        this.taken.add(event.eventId);
        this.pending -= 1;
      },
      () => again(random.scaled(1_000, 300_000)),
    );
  }

  private queueOf(worker: SimulatedWorker, eventId: string): Queue {
    const { faults, random } = this;
    return {
      send: () =>
        worker.request('queue.send', random.between(2, 15), (): DelayedAnswer<void> => {
          const failing = faults.strikes('sqs-errors', random);
          // An error may also come after the queue has taken the message.
          if (!failing || random.chance(0.5)) this.queued.add(eventId);
          const afterMs = random.between(2, 15);
          return failing
            ? { afterMs, error: Object.assign(new Error('the simulated queue failed'), { name: 'ServiceUnavailable' }) }
            : { afterMs, value: undefined };
        }),
    };
  }

  /** What the code makes of the events of a recipient. */
  stateOf(submissionId: string, recipient: string): string | undefined {
    const kept = this.eventsOf(submissionId, recipient).map(({ event }) => event);
    return deliveriesOf(kept).get(hashOf(recipient))?.state;
  }

  /** When the first event by which a provider has the mail of a recipient was written; infinite if there is none. */
  provenAt(submissionId: string, provider: string, recipient: string): number {
    const those = this.eventsOf(submissionId, recipient).filter(({ event }) => event.provider === provider);
    return Math.min(Infinity, ...those.map(({ at }) => at));
  }

  private eventsOf(submissionId: string, recipient: string) {
    return this.table
      .listed(`event/${submissionId}`, `${hashOf(recipient)}/`)
      .map(({ text, at }) => ({ event: keptEvent(JSON.parse(text) as ListItem), at }));
  }
}
