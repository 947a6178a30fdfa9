import type { DeliveryEvent } from '../../lambda/contract/event.ts';
import { deliveriesOf } from '../../lambda/events/delivery.ts';
import { keptEvent } from '../../lambda/events/event-item.ts';
import { takeEvents } from '../../lambda/events/take.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { ListItem, ListTable } from '../../lambda/platform/list-table.ts';
import type { Queue } from '../../lambda/platform/queue.ts';
import type { ReportedEvent } from '../../lambda/providers/event.ts';
import { unwantedNotes } from '../../lambda/reputation/hours.ts';
import type { Faults } from '../faults/plan.ts';
import { GONE } from '../mails/mail.ts';
import type { Random } from '../random.ts';
import type { Call } from './provider.ts';
import { SILENT_LOG } from './silent-log.ts';
import type { SimulatedTable } from './table.ts';
import type { Timeline } from './timeline.ts';
import { type DelayedAnswer, SimulatedWorker } from './worker.ts';

/** Events that a provider reports for one accepted mail and one recipient, in their order. */
export interface EventSequence {
  readonly submissionId: string;
  readonly provider: string;
  readonly recipient: string;
  readonly events: readonly { readonly id: string; readonly type: DeliveryEvent['type'] }[];
}

/** Returns a simple text instead of the keyed hash of an address, since the real hash would take more computing time. */
export const hashesOf = async (address: string): Promise<readonly [string]> => [hashOf(address)];

function hashOf(address: string): string {
  return `hash of ${address}`;
}

/** Events are reported for one in four mails, since events for all mails would take a third of the computing time. */
const SAMPLE = 4;
/** Faults with which the answer to a call is lost. Events are reported for every mail that was affected by one of these faults. */
const LOST: ReadonlySet<string> = new Set(['hang-taken', 'reset-taken', 'dead-sockets']);
const CANARY = 'mailover-canary:';
/** Shortest time after which a provider posts an event again if the post got no answer. */
const REPOST_MS = 30_000;

type Lists = Pick<ListTable, 'add' | 'list'>;

/** Function that wraps the lists of the events function; tests use it to plant defects. */
export type ListsSeam = (lists: Lists) => Lists;

/**
 * Simulates the delivery events of the providers. Events may be late or duplicated, come in any order, and are posted again until a
 * post is answered with success. The real code of the events function receives the posts, in a process that may be killed.
 */
export class SimulatedEvents {
  /** Number of posts that are not yet answered. */
  pending = 0;
  readonly eventSequences: EventSequence[] = [];
  /** Ids of the events that are on the events queue. The provider gives each event its id. */
  readonly queued = new Set<string>();
  /** Ids of the events whose post was answered with success. The provider gives each event its id. */
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

  /** Draws the delivery events of a mail that a provider accepted for these recipients, and schedules the posts of these events. */
  accepted(provider: string, call: Call, recipients: readonly string[], providerMessageId: string): void {
    const { message, number } = call.attempt;
    const isSampled = message.handle.charCodeAt(0) % SAMPLE === 0 || LOST.has(call.fault ?? '');
    // Events of canaries are not reported, since no application reads them.
    const gone = recipients.filter((one) => one.startsWith(GONE));
    if ((!isSampled && gone.length === 0) || message.id.startsWith(CANARY)) return;
    for (const recipient of gone.length > 0 ? gone : recipients) {
      const isGone = gone.includes(recipient);
      const types = isGone ? (['bounced'] as const) : this.drawEventTypes();
      const events = types.map((type) => ({ id: `${provider}-${++this.count}`, type }));
      this.eventSequences.push({ submissionId: message.id, provider, recipient, events });
      for (const [place, { id, type }] of events.entries()) {
        const event: ReportedEvent = {
          type,
          ...defined({ bounce: type === 'bounced' ? 'hard' : undefined }),
          eventId: id,
          recipient,
          providerMessageId,
          reference: {
            submissionId: message.id,
            attempt: number,
            ...defined({ class: message.class }),
          },
          at: Math.round(this.timeline.now) + place,
        };
        const copies = this.random.chance(0.2) ? 2 : 1;
        for (let copy = 0; copy < copies; copy += 1)
          this.later(isGone ? this.random.between(5_000, 30_000) : this.random.scaled(200, 600_000), provider, event);
      }
    }
  }

  private drawEventTypes(): DeliveryEvent['type'][] {
    const { random } = this;
    const first: DeliveryEvent['type'][] = random.chance(0.1) ? ['accepted', 'deferred'] : ['accepted'];
    if (random.chance(0.05)) return [...first, ...(random.chance(0.3) ? ['delivered' as const] : []), 'bounced'];
    return [...first, 'delivered', ...(random.chance(0.03) ? ['complained' as const] : [])];
  }

  private later(afterMs: number, provider: string, event: ReportedEvent): void {
    this.pending += 1;
    this.timeline.after(afterMs, () => this.post(provider, event));
  }

  /** Posts an event; if the post fails or gets no answer, the provider posts the event again later. */
  private post(provider: string, event: ReportedEvent): void {
    const { timeline, faults, random, table } = this;
    const again = (afterMs: number): void => {
      this.pending -= 1;
      this.later(afterMs, provider, event);
    };
    const worker = new SimulatedWorker(`events-${event.eventId}`, 'current', 0, timeline, () =>
      again(REPOST_MS + random.scaled(1_000, 300_000)),
    );
    worker.thaw(faults.applies('kill', random) ? 1 + random.int(8) : undefined);
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
          const failing = faults.applies('sqs-errors', random);
          // SQS may answer with an error although it has stored the message.
          if (!failing || random.chance(0.5)) this.queued.add(eventId);
          const afterMs = random.between(2, 15);
          return failing
            ? { afterMs, error: Object.assign(new Error('the simulated queue failed'), { name: 'ServiceUnavailable' }) }
            : { afterMs, value: undefined };
        }),
    };
  }

  /** Returns the delivery state of a recipient. The code under test computes this state from the stored events. */
  stateOf(submissionId: string, recipient: string): string | undefined {
    const kept = this.eventsOf(submissionId, recipient).map(({ event }) => event);
    return deliveriesOf(kept).get(hashOf(recipient))?.state;
  }

  /**
   * Returns the time at which the first event of a provider for a recipient was stored; infinite without an event. Such an event
   * proves that the provider accepted the mail.
   */
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
