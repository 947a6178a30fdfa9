import type { AttemptResult } from '../../lambda/mail/outcome.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { Item } from '../../lambda/platform/table.ts';
import type { Mail } from '../mails/mail.ts';
import type { Call, ProviderAsked, ProviderWatcher } from '../world/provider.ts';
import type { QueueMessage, QueueWatcher } from '../world/queue.ts';
import type { Timeline } from '../world/timeline.ts';
import type { Trace } from '../world/trace.ts';
import type { SimulatedWorker } from '../world/worker.ts';
import { answerOf, mayBeTaken } from './answer.ts';
import { messageDiffers, mimeDiffers } from './content.ts';
import { Copies } from './copies.ts';
import { hopOf, isRunaway } from './pace.ts';
import { Periods } from './periods.ts';
import { PROMISES } from './promises.ts';
import { attemptName, attemptsOf, closedCircuit, forgottenFields, submissionOf } from './stored.ts';
import { Stories } from './stories.ts';
import { named, type ProviderCall, type Story } from './story.ts';

const NONE: Readonly<Record<string, string>> = {};

type Message = Pick<QueueMessage, 'id' | 'body' | 'attributes' | 'group'>;

/** Attributes that scripts rely on. */
const OF_DEAD_LETTERS = ['Reason', 'Detail', 'SubmissionId', 'Attempts', 'FirstSeen'];
const OF_RETRIES = ['SubmissionId', 'FirstSeen', 'NotBefore', 'Attempts', 'Provider'];

/** Record of all events, for the oracle, including those that no handler can see. */
export class Chronicle implements QueueWatcher, ProviderWatcher {
  readonly stories: Stories;
  readonly copies = new Copies();
  /** Time of the table's last failure for each process. */
  readonly tableFailed = new Map<SimulatedWorker, number>();
  /** Times at which circuits closed. */
  readonly closings: { readonly provider: string; readonly at: number }[] = [];
  /** Periods in which a process with a wrong clock processed mail. */
  readonly wrongClocks = new Periods();
  /** Violations found during the run, as messages. */
  readonly violations: string[] = [];
  attempted = 0;
  /** Whether a mail circulates without end, so that the run can stop. */
  runaway = false;
  /** The message that SQS moved last. */
  private moving: string | undefined;
  /** The submission that an operator is redriving now. */
  private redriving: Story | undefined;
  /** Unfinished parsing of MIME. */
  private readonly readings: Promise<void>[] = [];
  private readonly timeline: Timeline;
  private readonly trace: Trace;
  /** Time of each process's last write to the records of the submissions that it is processing. */
  private readonly lastWrites = new WeakMap<SimulatedWorker, Map<string, number>>();
  /** Start of each process's last invocation. */
  private readonly begunAt = new WeakMap<SimulatedWorker, number>();
  /** Process of each attempt in the ledger. */
  private readonly begunBy = new Map<string, SimulatedWorker>();
  private readonly attempts = new WeakMap<Call, { readonly story: Story; readonly attempt: ProviderCall }>();

  constructor(mails: readonly Mail[], timeline: Timeline, trace: Trace) {
    this.stories = new Stories(mails);
    this.timeline = timeline;
    this.trace = trace;
  }

  added(queue: string, message: Message): void {
    this.trace.add(this.timeline.now, 'queued', queue, `${message.id} ${message.attributes['NotBefore'] ?? ''}`);
    if (queue === 'events') {
      this.event(JSON.parse(message.body));
      return;
    }
    if (this.redriving) {
      this.stories.follow(message.id, this.redriving);
      return;
    }
    const isProducers = queue === 'outbound';
    const story = this.stories.ofMessage(isProducers ? { ...message, attributes: {} } : message);
    if (!story) {
      this.violations.push(`body changed: a message on ${queue} that no producer wrote`);
      return;
    }
    if (isProducers) {
      story.addedAt.push(this.timeline.now);
      this.stories.follow(message.id, story);
    }
    if (message.group !== story.mail.class)
      this.violations.push(`group lost: a message on ${queue} of ${named(story)}`);
    if (queue !== 'dead-letter') return;
    // A message that SQS moves keeps its attributes, which may be forged.
    const { Reason: reason, Detail: detail, Done: done = '' } = this.moving === message.id ? NONE : message.attributes;
    story.deadLetters.push({
      at: this.timeline.now,
      ...defined({ reason, detail }),
      done: done.split(',').filter(Boolean).map(Number),
    });
    this.trace.add(this.timeline.now, 'dead', story.id, reason ?? 'moved by SQS');
  }

  lost(queue: string, message: QueueMessage): void {
    this.violations.push(`outlived its queue: ${queue} ${message.id}`);
  }

  moved(queue: string, message: QueueMessage): void {
    this.moving = message.id;
    this.trace.add(this.timeline.now, 'moved', queue, message.id);
  }

  /** The producer got the answer that the queue has its message. */
  acknowledged(message: Message): void {
    const story = this.stories.ofMessage(message);
    if (story) story.acknowledged = true;
  }

  /** An operator puts a dead letter back on the outbound queue, as another message. */
  redriven(letter: Message, send: () => void): void {
    const { Detail, Proof } = letter.attributes;
    this.redriving = this.stories.ofMessage(letter);
    this.redriving?.redrives.push({ at: this.timeline.now, proven: Detail !== undefined && Proof !== undefined });
    this.trace.add(this.timeline.now, 'redriven', this.redriving?.id ?? '');
    send();
    this.redriving = undefined;
  }

  /** A process sends a message on to a queue, which takes it. */
  sent(worker: SimulatedWorker, queue: string, message: Message, delayMs: number): void {
    const story = this.stories.ofMessage(message);
    if (queue === 'events') return;
    const missing = (queue === 'dead-letter' ? OF_DEAD_LETTERS : OF_RETRIES).filter(
      (name) => !message.attributes[name],
    );
    if (missing.length > 0) this.violations.push(`attributes missing: ${missing.join(', ')} of a message to ${queue}`);
    if (!story || queue === 'dead-letter') return;
    this.copies.sent(worker, story, message.id);
    const invokedAt = this.begunAt.get(worker) ?? this.timeline.now;
    story.hops.push(hopOf(story, message.attributes, worker, { at: this.timeline.now, invokedAt, delayMs }));
    this.runaway ||= isRunaway(story);
  }

  called(call: Call): void {
    const { worker, provider, begunAt, fault } = call;
    const { message } = call.attempt;
    const story = this.stories.ofCall(message);
    if (!story) {
      this.violations.push(`unknown submission: ${provider} was given an id that no producer and no queue has given`);
      return;
    }
    const decidedAt = this.lastWrites.get(worker)?.get(story.id);
    const earlier = story.attempts.findLast((one) => one.worker === worker);
    // Each call must have a write to the ledger before it.
    if (decidedAt === undefined || decidedAt <= (earlier?.begunAt ?? -Infinity))
      this.violations.push(`called without the ledger: ${named(story)}, ${provider} by ${worker.name}`);
    const attempt: ProviderCall = { provider, worker, begunAt, fault, decidedAt: decidedAt ?? begunAt };
    story.attempts.push(attempt);
    this.attempts.set(call, { story, attempt });
    this.runaway ||= isRunaway(story);
    this.trace.add(
      this.timeline.now,
      'call',
      `${provider} ${story.mail.index}`,
      `${worker.name} ${call.attempt.number} ${fault ?? ''}`,
    );
  }

  accepted(call: Call, recipients: readonly string[]): void {
    const known = this.attempts.get(call);
    if (!known) return;
    const { story, attempt } = known;
    const { message } = call.attempt;
    story.acceptances.push({ attempt, recipients, at: this.timeline.now });
    this.trace.add(this.timeline.now, 'accepted', call.provider, String(story.mail.index));
    const wrong = (what: string | undefined) => {
      if (what !== undefined) this.violations.push(`wrong content: ${named(story)} over ${call.provider}: ${what}`);
    };
    wrong(messageDiffers(story, message, recipients));
    this.readings.push(mimeDiffers(story, call.mime).then(wrong));
  }

  answered(call: Call, { outcome }: AttemptResult): void {
    const known = this.attempts.get(call);
    if (!known) return;
    const { story, attempt } = known;
    if (mayBeTaken(outcome) || !call.worker.alive) story.unknown += 1;
    if (outcome.kind === 'refused' && outcome.blames === 'message') story.refusedBy.add(call.provider);
    if (call.worker.alive) attempt.answer = { at: this.timeline.now, ...answerOf(outcome) };
  }

  asked({ worker, provider, question, answer }: ProviderAsked): void {
    const story = this.stories.ofHandle(question.handle);
    if (!story) {
      this.violations.push(`unknown handle: ${provider} was asked about one that no submission has`);
      return;
    }
    story.lookUps.push({
      provider,
      worker,
      begunAt: this.begunAt.get(worker) ?? this.timeline.now,
      at: this.timeline.now,
      ...(answer.kind === 'answered' && { found: new Set(answer.found.keys()) }),
    });
    this.trace.add(this.timeline.now, 'asked', `${provider} ${story.mail.index}`, answer.kind);
  }

  began(worker: SimulatedWorker, batch: readonly QueueMessage[]): void {
    this.trace.add(
      this.timeline.now,
      'invoke',
      worker.name,
      batch.map(({ id, receives }) => `${id}x${receives}`).join(' '),
    );
    this.copies.began(worker, batch);
    this.begunAt.set(worker, this.timeline.now);
    for (const message of batch) {
      const story = this.stories.ofMessage(message);
      if (!story) continue;
      story.receivedAt ??= this.timeline.now;
      story.receives = Math.max(story.receives, message.receives);
    }
  }

  /** An invocation has ended; `killed` is the await point, if its process was killed. */
  ended(worker: SimulatedWorker, batch: readonly QueueMessage[], killed: string | undefined): void {
    this.trace.add(this.timeline.now, killed === undefined ? 'answer' : 'killed', worker.name, killed);
    // A clock may be wrong from the start, or jump meanwhile.
    if (worker.worstSkewMs > PROMISES.clockMs) {
      this.wrongClocks.add(this.begunAt.get(worker) ?? this.timeline.now, this.timeline.now);
      for (const message of batch) {
        const story = this.stories.ofMessage(message);
        if (story) story.skewed = true;
      }
    }
    if (killed === undefined) return;
    if (killed === 'threw') this.violations.push(`handler threw: ${worker.name}`);
    for (const message of batch) {
      const story = this.stories.ofMessage(message);
      if (!story) continue;
      story.interrupted = true;
      story.crashes += 1;
    }
  }

  /** A call of the table failed, with or without effect. */
  failed(worker: SimulatedWorker, pk: string): void {
    this.tableFailed.set(worker, this.timeline.now);
    for (const story of this.stories.ofId(submissionOf(pk))) story.interrupted = true;
  }

  /** A write to the table took effect. */
  written(worker: SimulatedWorker, item: Item, before: Item | undefined): void {
    const id = submissionOf(item.pk);
    this.trace.add(this.timeline.now, 'written', item.pk, `${worker.name} ${item.rev}`);
    for (const field of forgottenFields(item, before))
      this.violations.push(`field forgotten: ${item.pk}: ${field}, by ${worker.name}`);
    const closed = closedCircuit(item, before);
    if (closed !== undefined) this.closings.push({ provider: closed, at: this.timeline.now });
    this.doubted(worker, item, before);
    const writes = this.lastWrites.get(worker) ?? new Map<string, number>();
    this.lastWrites.set(worker, writes.set(id, this.timeline.now));
    let text: string | undefined;
    for (const story of this.stories.ofId(id)) {
      this.copies.written(worker, story, this.timeline.now);
      for (const acceptance of story.acceptances) {
        const messageId = acceptance.attempt.answer?.providerMessageId;
        if (acceptance.recordedAt !== undefined || messageId === undefined) continue;
        text ??= JSON.stringify(item);
        if (text.includes(`"${messageId}"`)) acceptance.recordedAt = this.timeline.now;
      }
    }
  }

  /** Resolves when all MIME has been checked. */
  async close(): Promise<void> {
    await Promise.all(this.readings);
  }

  /** Counts the attempts that have become unknown with this write. */
  private doubted(worker: SimulatedWorker, item: Item, before: Item | undefined): void {
    const known = new Map(attemptsOf(before).map((one) => [attemptName(one), one]));
    for (const one of attemptsOf(item)) {
      const name = `${item.pk} ${attemptName(one)}`;
      if (!known.has(attemptName(one))) {
        this.begunBy.set(name, worker);
        for (const { firstAttempts } of this.stories.ofId(submissionOf(item.pk)))
          if (!firstAttempts.has(String(one['provider'])))
            firstAttempts.set(String(one['provider']), this.timeline.now);
      }
      if (one['outcome'] !== 'unknown' || known.get(attemptName(one))?.['outcome'] === 'unknown') continue;
      // A process that was not killed still adds the outcome.
      if (one['reason'] === 'interrupted' && (this.begunBy.get(name)?.killedAt ?? Infinity) === Infinity) continue;
      for (const story of this.stories.ofId(submissionOf(item.pk))) story.doubts += 1;
    }
  }

  private event({ type, submissionId, recipient }: { type: string; submissionId?: string; recipient: string }): void {
    if (type === 'suppressed')
      for (const story of this.stories.ofId(submissionId ?? '')) story.suppressed.add(recipient);
  }
}
