import type { AttemptResult } from '../../lambda/mail/outcome.ts';
import type { Item } from '../../lambda/platform/table.ts';
import type { Mail } from '../mails.ts';
import type { Call, ProviderWatcher } from '../world/provider.ts';
import type { QueueMessage, QueueWatcher } from '../world/queue.ts';
import type { Timeline } from '../world/timeline.ts';
import type { Trace } from '../world/trace.ts';
import type { Worker } from '../world/worker.ts';

/** A provider took a mail. */
export interface Acceptance {
  readonly call: Call;
  readonly recipients: readonly string[];
  readonly at: number;
  /** When the ledger let the process make the call: from then on nothing could hold it back. */
  readonly decidedAt: number;
  /** What the process was told, and when; absent while it waits, and if it died first. */
  told?: { readonly at: number; readonly accepted: boolean; readonly providerMessageId?: string };
  /** When the ledger had it. */
  recordedAt?: number;
}

/** A message on the dead-letter queue. */
export interface DeadLetter {
  readonly at: number;
  /** Absent if SQS itself moved the message. */
  readonly reason?: string;
  readonly detail?: string;
  readonly done: readonly number[];
}

/** All that the world saw of one submission: one mail of a producer, under one id. */
export interface Story {
  readonly mail: Mail;
  readonly id: string;
  /** When it first stood on the outbound queue. */
  readonly addedAt: number;
  /** The producer was told that the queue has it. */
  acknowledged: boolean;
  readonly acceptances: Acceptance[];
  readonly letters: DeadLetter[];
  /** Providers that called the message bad. */
  readonly refusedBy: Set<string>;
  /** Recipients with an event on the events queue. */
  readonly suppressed: Set<string>;
  /** Answers that were lost or hide what happened, and processes that died while a provider had the call. */
  unknown: number;
  /** Attempts of which the ledger says that nobody knows what they came to: those, and all that died before they told. */
  doubts: number;
  calls: number;
  /** A release without ledger made an attempt. */
  previous: boolean;
  /** A release without ledger had it in hand, and may have buried it. */
  readByPrevious: boolean;
  /** A process died with it in hand, or the ledger failed it: what an attempt came to may be known to nobody. */
  interrupted: boolean;
}

/** Writes down what happened, for the oracle to judge afterwards: it knows what no handler can know. */
export class Chronicle implements QueueWatcher, ProviderWatcher {
  readonly stories = new Map<string, Story>();
  /** Retention took messages away, by queue. */
  readonly outlived: string[] = [];
  /** When the table last failed a process. */
  readonly tableFailed = new Map<Worker, number>();
  /** Fields that this release does not know and that it lost all the same. */
  readonly forgotten: string[] = [];
  /** Invocations that threw. */
  readonly thrown: string[] = [];
  attempted = 0;
  private readonly byIndex: ReadonlyMap<number, Mail>;
  private readonly byBody: Map<string, Mail>;
  private readonly byId = new Map<string, Story[]>();
  private readonly timeline: Timeline;
  private readonly trace: Trace;
  /** When each process last wrote to the items of submissions that it has in hand. */
  private readonly lastWrites = new WeakMap<Worker, Map<string, number>>();
  /** Which process began each attempt. */
  private readonly begunBy = new Map<string, Worker>();
  private readonly decided = new WeakMap<Call, number>();
  /** What the process of each call was told; a provider may take the mail even later. */
  private readonly told = new WeakMap<Call, NonNullable<Acceptance['told']>>();

  constructor(mails: readonly Mail[], timeline: Timeline, trace: Trace) {
    this.byIndex = new Map(mails.map((mail) => [mail.index, mail]));
    this.byBody = new Map(mails.map((mail) => [mail.body, mail]));
    this.timeline = timeline;
    this.trace = trace;
  }

  added(queue: string, message: Pick<QueueMessage, 'id' | 'body' | 'attributes'>): void {
    this.trace.add(this.timeline.now, 'queued', queue, `${message.id} ${message.attributes['NotBefore'] ?? ''}`);
    if (queue === 'events') {
      this.event(JSON.parse(message.body));
      return;
    }
    const story = this.storyOf(message);
    if (queue !== 'dead-letter' || !story) return;
    const { Reason: reason, Detail: detail, Done: done = '' } = message.attributes;
    story.letters.push({
      at: this.timeline.now,
      ...(reason !== undefined && { reason }),
      ...(detail !== undefined && { detail }),
      done: done.split(',').filter(Boolean).map(Number),
    });
    this.trace.add(this.timeline.now, 'dead', story.id, reason ?? 'moved by SQS');
  }

  lost(queue: string, message: QueueMessage): void {
    this.outlived.push(`${queue} ${message.id}`);
  }

  moved(queue: string, message: QueueMessage): void {
    this.trace.add(this.timeline.now, 'moved', queue, message.id);
  }

  /** The producer was told that the queue has its message. */
  acknowledged(message: Pick<QueueMessage, 'id' | 'body' | 'attributes'>): void {
    const story = this.storyOf(message);
    if (story) story.acknowledged = true;
  }

  called(call: Call): void {
    const story = this.storyOfCall(call);
    if (!story) return;
    story.calls += 1;
    this.decided.set(call, this.lastWrites.get(call.worker)?.get(story.id) ?? call.begunAt);
    if (call.worker.release === 'previous') story.previous = true;
    this.trace.add(
      this.timeline.now,
      'call',
      `${call.provider} ${story.mail.index}`,
      `${call.worker.name} ${call.attempt.number} ${call.fault ?? ''}`,
    );
  }

  took(call: Call, recipients: readonly string[]): void {
    const told = this.told.get(call);
    this.storyOfCall(call)?.acceptances.push({
      call,
      recipients,
      at: this.timeline.now,
      decidedAt: this.decided.get(call) ?? call.begunAt,
      ...(told && { told }),
    });
    this.trace.add(this.timeline.now, 'took', call.provider, call.attempt.message.subject);
  }

  answered(call: Call, { outcome }: AttemptResult): void {
    const story = this.storyOfCall(call);
    if (!story) return;
    const hidden = outcome.kind === 'unavailable' && outcome.maybeTaken === true;
    if (outcome.kind === 'unknown' || hidden || !call.worker.alive) story.unknown += 1;
    if (outcome.kind === 'refused' && outcome.blames === 'message') story.refusedBy.add(call.provider);
    if (!call.worker.alive) return;
    const told = {
      at: this.timeline.now,
      accepted: outcome.kind === 'accepted',
      ...(outcome.kind === 'accepted' && { providerMessageId: outcome.providerMessageId }),
    };
    this.told.set(call, told);
    for (const acceptance of story.acceptances) if (acceptance.call === call) acceptance.told = told;
  }

  began(worker: Worker, batch: readonly QueueMessage[]): void {
    this.trace.add(
      this.timeline.now,
      'invoke',
      worker.name,
      batch.map(({ id, receives }) => `${id}x${receives}`).join(' '),
    );
    if (worker.release !== 'previous') return;
    for (const message of batch) {
      const story = this.storyOf(message);
      if (story) story.readByPrevious = true;
    }
  }

  /** An invocation has ended; `killed` is where, if its process died. */
  ended(worker: Worker, batch: readonly QueueMessage[], killed: string | undefined): void {
    this.trace.add(this.timeline.now, killed === undefined ? 'answer' : 'killed', worker.name, killed);
    if (killed === undefined) return;
    if (killed === 'threw') this.thrown.push(worker.name);
    for (const message of batch) {
      const story = this.storyOf(message);
      if (story) story.interrupted = true;
    }
  }

  /** The table failed a process, whether or not its call took effect. */
  failed(worker: Worker, pk: string): void {
    this.tableFailed.set(worker, this.timeline.now);
    for (const story of this.byId.get(idOf(pk)) ?? []) story.interrupted = true;
  }

  /** A write to the table took effect. */
  written(worker: Worker, item: Item, before: Item | undefined): void {
    this.trace.add(this.timeline.now, 'written', item.pk, `${worker.name} ${item.rev}`);
    for (const field of Object.keys(before ?? {}))
      if (field.startsWith('later') && !(field in item)) this.forgotten.push(`${item.pk}: ${field}, by ${worker.name}`);
    const attempts = new Map(attemptsOf(item).map((one) => [nameOf(one), one]));
    this.doubted(worker, item, before);
    for (const one of attemptsOf(before)) {
      const now = attempts.get(nameOf(one));
      if ('laterField' in one && now && !('laterField' in now))
        this.forgotten.push(`${item.pk}: laterField of an attempt, by ${worker.name}`);
    }
    const writes = this.lastWrites.get(worker) ?? new Map<string, number>();
    this.lastWrites.set(worker, writes.set(idOf(item.pk), this.timeline.now));
    let text: string | undefined;
    for (const story of this.byId.get(idOf(item.pk)) ?? [])
      for (const acceptance of story.acceptances) {
        const id = acceptance.told?.providerMessageId;
        if (acceptance.recordedAt !== undefined || id === undefined) continue;
        text ??= JSON.stringify(item);
        if (text.includes(`"${id}"`)) acceptance.recordedAt = this.timeline.now;
      }
  }

  /** Counts the attempts that have become unknown with this write. */
  private doubted(worker: Worker, item: Item, before: Item | undefined): void {
    const known = new Map(attemptsOf(before).map((one) => [nameOf(one), one]));
    for (const one of attemptsOf(item)) {
      const name = `${item.pk} ${nameOf(one)}`;
      if (!known.has(nameOf(one))) this.begunBy.set(name, worker);
      if (one['outcome'] !== 'unknown' || known.get(nameOf(one))?.['outcome'] === 'unknown') continue;
      // What a letter told is marked as interrupted as well: only the dead told nothing.
      if (one['reason'] === 'interrupted' && (this.begunBy.get(name)?.killedAt ?? Infinity) === Infinity) continue;
      for (const story of this.byId.get(idOf(item.pk)) ?? []) story.doubts += 1;
    }
  }

  private event({ type, submissionId, recipient }: { type: string; submissionId?: string; recipient: string }): void {
    if (type === 'suppressed')
      for (const story of this.byId.get(submissionId ?? '') ?? []) story.suppressed.add(recipient);
  }

  private storyOf({ id, body, attributes }: Pick<QueueMessage, 'id' | 'body' | 'attributes'>): Story | undefined {
    const mail = this.byBody.get(body);
    return mail && this.open(mail, mail.id ?? attributes['SubmissionId'] ?? id);
  }

  private storyOfCall({ attempt: { message } }: Call): Story | undefined {
    const mail = this.byIndex.get(Number(message.subject.slice(message.subject.lastIndexOf(' ') + 1)));
    return mail && this.open(mail, message.id);
  }

  private open(mail: Mail, id: string): Story {
    const key = `${mail.index} ${id}`;
    const known = this.stories.get(key);
    if (known) return known;
    const story: Story = {
      mail,
      id,
      addedAt: this.timeline.now,
      acknowledged: false,
      acceptances: [],
      letters: [],
      refusedBy: new Set(),
      suppressed: new Set(),
      unknown: 0,
      doubts: 0,
      calls: 0,
      previous: false,
      readByPrevious: false,
      interrupted: false,
    };
    this.stories.set(key, story);
    this.byId.set(id, [...(this.byId.get(id) ?? []), story]);
    return story;
  }
}

/** The submission whose item this is; empty for items of other kinds. */
function idOf(pk: string): string {
  const prefix = 'submission/';
  return pk.startsWith(prefix) ? pk.slice(prefix.length) : '';
}

type StoredAttempt = Readonly<Record<string, unknown>>;

function attemptsOf(item: Item | undefined): readonly StoredAttempt[] {
  return (item?.['attempts'] as readonly StoredAttempt[] | undefined) ?? [];
}

function nameOf({ number, provider, begun }: StoredAttempt): string {
  return `${number} ${provider} ${begun}`;
}
