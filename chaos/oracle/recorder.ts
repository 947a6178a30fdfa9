import type { AttemptResult } from '../../lambda/mail/outcome.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { Item } from '../../lambda/platform/table.ts';
import type { Mail } from '../mails/mail.ts';
import type { Call, ProviderAsked } from '../world/provider.ts';
import type { QueueMessage } from '../world/queue.ts';
import type { Timeline } from '../world/timeline.ts';
import type { Trace } from '../world/trace.ts';
import type { SentMessage, WorldWatcher } from '../world/watcher.ts';
import type { SimulatedWorker } from '../world/worker.ts';
import { answerOf, mayBeTaken } from './answer.ts';
import { messageDiffers, mimeDiffers } from './content.ts';
import { Copies } from './copies.ts';
import { Histories } from './histories.ts';
import { type History, named, type ProviderCall } from './history.ts';
import { IntervalSet } from './interval-set.ts';
import { PROMISES } from './promises.ts';
import { isRunaway, retryOf } from './retries.ts';
import { attemptName, attemptsOf, closedCircuit, forgottenFields, submissionOf } from './table-items.ts';

const NONE: Readonly<Record<string, string>> = {};

/** Names of the message attributes on dead letters and on messages to retry queues. Operators' scripts rely on these names. */
const OF_DEAD_LETTERS = ['Reason', 'Detail', 'SubmissionId', 'Attempts', 'FirstSeen'];
const OF_RETRIES = ['SubmissionId', 'FirstSeen', 'NotBefore', 'Attempts', 'Provider'];

/** Records all events of a run for the oracle, including events that the sender's code cannot observe. */
export class Recorder implements WorldWatcher {
  readonly histories: Histories;
  readonly copies = new Copies();
  /** For each process, the time of its last failed call of the table. */
  readonly tableFailed = new Map<SimulatedWorker, number>();
  /** For each time that a circuit breaker closed, its provider and the time. */
  readonly closings: { readonly provider: string; readonly at: number }[] = [];
  /** Periods in which a process with a wrong clock processed mail. */
  readonly wrongClocks = new IntervalSet();
  /** Violations that were found during the run, each as a text. */
  readonly violations: string[] = [];
  attempted = 0;
  /** Whether a mail circulates without end. If so, the run stops. */
  runaway = false;
  /** Id of the message that SQS itself last moved to the dead-letter queue. */
  private moving: string | undefined;
  /** The submission that an operator is redriving at this moment. */
  private redriving: History | undefined;
  /** Checks of MIME that are in progress or have ended; `close` waits for all of them. */
  private readonly readings: Promise<void>[] = [];
  private readonly timeline: Timeline;
  private readonly trace: Trace;
  /** For each process and each submission id, the time of the process's last write to the record of this submission. */
  private readonly lastWrites = new WeakMap<SimulatedWorker, Map<string, number>>();
  /** Start of the last invocation of each process. */
  private readonly begunAt = new WeakMap<SimulatedWorker, number>();
  /**
   * For each attempt, the process that wrote the attempt to the ledger. The key consists of the key of the record in the table
   * and the name of the attempt.
   */
  private readonly begunBy = new Map<string, SimulatedWorker>();
  private readonly attempts = new WeakMap<Call, { readonly history: History; readonly attempt: ProviderCall }>();

  constructor(mails: readonly Mail[], timeline: Timeline, trace: Trace) {
    this.histories = new Histories(mails);
    this.timeline = timeline;
    this.trace = trace;
  }

  added(queue: string, message: SentMessage): void {
    this.trace.add(this.timeline.now, 'queued', queue, `${message.id} ${message.attributes['NotBefore'] ?? ''}`);
    if (queue === 'events') {
      this.event(JSON.parse(message.body));
      return;
    }
    if (this.redriving) {
      this.histories.follow(message.id, this.redriving);
      return;
    }
    const isProducers = queue === 'outbound';
    const history = this.histories.ofMessage(isProducers ? { ...message, attributes: {} } : message);
    if (!history) {
      this.violations.push(`body changed: a message on ${queue} that no producer wrote`);
      return;
    }
    if (isProducers) {
      history.addedAt.push(this.timeline.now);
      this.histories.follow(message.id, history);
    }
    if (message.group !== history.mail.class)
      this.violations.push(`group lost: a message on ${queue} of ${named(history)}`);
    if (queue !== 'dead-letter') return;
    // A message that SQS itself moves keeps the attributes that its producer set. These attributes may be forged.
    const { Reason: reason, Detail: detail, Done: done = '' } = this.moving === message.id ? NONE : message.attributes;
    history.deadLetters.push({
      at: this.timeline.now,
      ...defined({ reason, detail }),
      done: done.split(',').filter(Boolean).map(Number),
    });
    this.trace.add(this.timeline.now, 'dead', history.id, reason ?? 'moved by SQS');
  }

  lost(queue: string, message: QueueMessage): void {
    this.violations.push(`outlived its queue: ${queue} ${message.id}`);
  }

  moved(queue: string, message: QueueMessage): void {
    this.moving = message.id;
    this.trace.add(this.timeline.now, 'moved', queue, message.id);
  }

  submitted(): void {
    this.attempted += 1;
  }

  acknowledged(message: SentMessage): void {
    const history = this.histories.ofMessage(message);
    if (history) history.acknowledged = true;
  }

  redriven(deadLetter: SentMessage, send: () => void): void {
    const { Detail, Proof } = deadLetter.attributes;
    this.redriving = this.histories.ofMessage(deadLetter);
    this.redriving?.redrives.push({ at: this.timeline.now, proven: Detail !== undefined && Proof !== undefined });
    this.trace.add(this.timeline.now, 'redriven', this.redriving?.id ?? '');
    send();
    this.redriving = undefined;
  }

  sent(worker: SimulatedWorker, queue: string, message: SentMessage, delayMs: number): void {
    const history = this.histories.ofMessage(message);
    if (queue === 'events') return;
    const missing = (queue === 'dead-letter' ? OF_DEAD_LETTERS : OF_RETRIES).filter(
      (name) => !message.attributes[name],
    );
    if (missing.length > 0) this.violations.push(`attributes missing: ${missing.join(', ')} of a message to ${queue}`);
    if (!history || queue === 'dead-letter') return;
    this.copies.sent(worker, history, message.id);
    const invokedAt = this.begunAt.get(worker) ?? this.timeline.now;
    history.retries.push(retryOf(history, message.attributes, worker, { at: this.timeline.now, invokedAt, delayMs }));
    this.runaway ||= isRunaway(history);
  }

  called(call: Call): void {
    const { worker, provider, begunAt, fault } = call;
    const { message } = call.attempt;
    const history = this.histories.ofCall(message);
    if (!history) {
      this.violations.push(`unknown submission: ${provider} was given an id that no producer and no queue has given`);
      return;
    }
    const decidedAt = this.lastWrites.get(worker)?.get(history.id);
    const earlier = history.attempts.findLast((one) => one.worker === worker);
    // Each call must be recorded before it is made. So the process must have written to the ledger since its previous call for this
    // submission.
    if (decidedAt === undefined || decidedAt <= (earlier?.begunAt ?? -Infinity))
      this.violations.push(`called without the ledger: ${named(history)}, ${provider} by ${worker.name}`);
    const attempt: ProviderCall = { provider, worker, begunAt, fault, decidedAt: decidedAt ?? begunAt };
    history.attempts.push(attempt);
    this.attempts.set(call, { history, attempt });
    this.runaway ||= isRunaway(history);
    this.trace.add(
      this.timeline.now,
      'call',
      `${provider} ${history.mail.index}`,
      `${worker.name} ${call.attempt.number} ${fault ?? ''}`,
    );
  }

  accepted(call: Call, recipients: readonly string[]): void {
    const known = this.attempts.get(call);
    if (!known) return;
    const { history, attempt } = known;
    const { message } = call.attempt;
    history.acceptances.push({ attempt, recipients, at: this.timeline.now });
    this.trace.add(this.timeline.now, 'accepted', call.provider, String(history.mail.index));
    const wrong = (what: string | undefined) => {
      if (what !== undefined) this.violations.push(`wrong content: ${named(history)} over ${call.provider}: ${what}`);
    };
    wrong(messageDiffers(history, message, recipients));
    this.readings.push(mimeDiffers(history, call.mime).then(wrong));
  }

  answered(call: Call, { outcome }: AttemptResult): void {
    const known = this.attempts.get(call);
    if (!known) return;
    const { history, attempt } = known;
    if (mayBeTaken(outcome) || !call.worker.alive) history.unknown += 1;
    if (outcome.kind === 'refused' && outcome.blames === 'message') history.refusedBy.add(call.provider);
    if (call.worker.alive) attempt.answer = { at: this.timeline.now, ...answerOf(outcome) };
  }

  asked({ worker, provider, question, answer }: ProviderAsked): void {
    const history = this.histories.ofHandle(question.handle);
    if (!history) {
      this.violations.push(`unknown handle: ${provider} was asked about one that no submission has`);
      return;
    }
    history.lookUps.push({
      provider,
      worker,
      begunAt: this.begunAt.get(worker) ?? this.timeline.now,
      at: this.timeline.now,
      ...defined({ found: answer.kind === 'answered' ? new Set(answer.found.keys()) : undefined }),
    });
    this.trace.add(this.timeline.now, 'asked', `${provider} ${history.mail.index}`, answer.kind);
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
      const history = this.histories.ofMessage(message);
      if (!history) continue;
      history.receivedAt ??= this.timeline.now;
      history.receives = Math.max(history.receives, message.receives);
    }
  }

  ended(worker: SimulatedWorker, batch: readonly QueueMessage[], killed: string | undefined): void {
    this.trace.add(this.timeline.now, killed === undefined ? 'answer' : 'killed', worker.name, killed);
    // The clock of the process may have been wrong from the start, or may have jumped during the invocation.
    if (worker.worstSkewMs > PROMISES.clockMs) {
      this.wrongClocks.add(this.begunAt.get(worker) ?? this.timeline.now, this.timeline.now);
      for (const message of batch) {
        const history = this.histories.ofMessage(message);
        if (history) history.skewed = true;
      }
    }
    if (killed === undefined) return;
    if (killed === 'threw') this.violations.push(`handler threw: ${worker.name}`);
    for (const message of batch) {
      const history = this.histories.ofMessage(message);
      if (!history) continue;
      history.interrupted = true;
      history.crashes += 1;
    }
  }

  failed(worker: SimulatedWorker, pk: string): void {
    this.tableFailed.set(worker, this.timeline.now);
    for (const history of this.histories.ofId(submissionOf(pk))) history.interrupted = true;
  }

  written(worker: SimulatedWorker, item: Item, before: Item | undefined): void {
    const id = submissionOf(item.pk);
    this.trace.add(this.timeline.now, 'written', item.pk, `${worker.name} ${item.rev}`);
    for (const field of forgottenFields(item, before))
      this.violations.push(`field forgotten: ${item.pk}: ${field}, by ${worker.name}`);
    const closed = closedCircuit(item, before);
    if (closed !== undefined) this.closings.push({ provider: closed, at: this.timeline.now });
    this.countUnknown(worker, item, before);
    const writes = this.lastWrites.get(worker) ?? new Map<string, number>();
    this.lastWrites.set(worker, writes.set(id, this.timeline.now));
    let text: string | undefined;
    for (const history of this.histories.ofId(id)) {
      this.copies.written(worker, history, this.timeline.now);
      for (const acceptance of history.acceptances) {
        const messageId = acceptance.attempt.answer?.providerMessageId;
        if (acceptance.recordedAt !== undefined || messageId === undefined) continue;
        text ??= JSON.stringify(item);
        if (text.includes(`"${messageId}"`)) acceptance.recordedAt = this.timeline.now;
      }
    }
  }

  /** Waits until every MIME message of the run has been checked. */
  async close(): Promise<void> {
    await Promise.all(this.readings);
  }

  /** Counts the attempts whose outcome this write marks as unknown. */
  private countUnknown(worker: SimulatedWorker, item: Item, before: Item | undefined): void {
    const known = new Map(attemptsOf(before).map((one) => [attemptName(one), one]));
    for (const one of attemptsOf(item)) {
      const name = `${item.pk} ${attemptName(one)}`;
      if (!known.has(attemptName(one))) {
        this.begunBy.set(name, worker);
        for (const { firstAttempts } of this.histories.ofId(submissionOf(item.pk)))
          if (!firstAttempts.has(String(one['provider'])))
            firstAttempts.set(String(one['provider']), this.timeline.now);
      }
      if (one['outcome'] !== 'unknown' || known.get(attemptName(one))?.['outcome'] === 'unknown') continue;
      // If the process was not killed, it will still record the outcome of the attempt.
      if (one['reason'] === 'interrupted' && (this.begunBy.get(name)?.killedAt ?? Infinity) === Infinity) continue;
      for (const history of this.histories.ofId(submissionOf(item.pk))) history.unknownInRecord += 1;
    }
  }

  private event({ type, submissionId, recipient }: { type: string; submissionId?: string; recipient: string }): void {
    if (type === 'suppressed')
      for (const history of this.histories.ofId(submissionId ?? '')) history.suppressed.add(recipient);
  }
}
