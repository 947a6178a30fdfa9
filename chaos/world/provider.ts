import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { AttemptResult, Outcome } from '../../lambda/mail/outcome.ts';
import type { Attempt, LookupAnswer, Question } from '../../lambda/providers/provider.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import type { FaultKind } from '../faults/kinds.ts';
import type { Faults } from '../faults/plan.ts';
import type { Random } from '../random.ts';
import type { Timeline } from './timeline.ts';
import type { DelayedAnswer, SimulatedWorker } from './worker.ts';

/** One call of a provider, with the fault that applied to this call. */
export interface Call {
  readonly provider: string;
  readonly worker: SimulatedWorker;
  readonly attempt: Attempt;
  /** The mail as MIME, for providers whose API accepts MIME. */
  readonly mime: Buffer;
  /** Simulated time of the request, in epoch milliseconds. */
  readonly begunAt: number;
  /** Fault that applied to the call; undefined if the provider worked. */
  readonly fault: FaultKind | undefined;
}

/** A look-up of sent mail at a provider, with the provider's answer. */
export interface ProviderAsked {
  readonly provider: string;
  readonly worker: SimulatedWorker;
  readonly question: Question;
  readonly answer: LookupAnswer;
}

/** Observer of all providers. */
export interface ProviderWatcher {
  /** A call arrived at the provider. */
  called(call: Call): void;
  /** The provider accepted the mail for these recipients. */
  accepted(call: Call, recipients: readonly string[]): void;
  /** The answer arrived at the calling process, which may have been killed before. */
  answered(call: Call, result: AttemptResult): void;
  /** A look-up of sent mail was made. */
  asked(asked: ProviderAsked): void;
}

interface AcceptedMail {
  readonly id: string;
  readonly recipients: readonly string[];
  /** Time from which a look-up finds the mail. */
  readonly shownAt: number;
}

/** One simulated provider with its faults. */
export class SimulatedProvider {
  readonly config: ProviderConfig;
  private readonly timeline: Timeline;
  private readonly faults: Faults;
  private readonly random: Random;
  private readonly watcher: ProviderWatcher;
  private readonly acceptances = new Map<string, AcceptedMail[]>();
  /** Called with each accepted mail; reports the delivery events of this mail. @default - no events are reported */
  report: (provider: string, call: Call, recipients: readonly string[], id: string) => void = () => undefined;
  private count = 0;
  /** Times of the calls in the last second. */
  private recent: number[] = [];
  /** Largest number of calls within any period of one second. */
  busiestSecond = 0;

  constructor(config: ProviderConfig, timeline: Timeline, faults: Faults, random: Random, watcher: ProviderWatcher) {
    this.config = config;
    this.timeline = timeline;
    this.faults = faults;
    this.random = random;
    this.watcher = watcher;
  }

  get canBeAsked(): boolean {
    return definitionOf(this.config.type).askable;
  }

  /** Answers one call of a process. Returns the result that the real code of the provider type would return. */
  async call(worker: SimulatedWorker, attempt: Attempt): Promise<AttemptResult> {
    const mime = await attempt.mime();
    return worker.request('provider.call', this.random.between(5, 80), () => {
      const fault = worker.reaches(this.config.key) ? this.fault() : 'dead-sockets';
      const call: Call = { provider: this.config.key, worker, attempt, mime, begunAt: this.timeline.now, fault };
      this.watcher.called(call);
      this.measureRate();
      const { afterMs, result } = this.answer(call);
      this.timeline.after(afterMs, () => this.watcher.answered(call, result));
      return { afterMs, value: result };
    });
  }

  /** Answers a look-up of sent mail. */
  lookup(worker: SimulatedWorker, question: Question): Promise<LookupAnswer> {
    return worker.request('provider.lookup', this.random.between(5, 80), (): DelayedAnswer<LookupAnswer> => {
      const answered = this.answerTo(question);
      this.watcher.asked({ provider: this.config.key, worker, question, answer: answered.value });
      return answered;
    });
  }

  private answerTo(question: Question): { readonly afterMs: number; readonly value: LookupAnswer } {
    const { faults, random, config } = this;
    const cannot = (reason: string, afterMs: number) => ({ afterMs, value: { kind: 'cannot-say', reason } as const });
    if (
      faults.active('all-down') ||
      faults.active('suspended', config.key) ||
      faults.applies('refused', random, config.key)
    )
      return cannot('unavailable', random.between(5, 100));
    if (faults.applies('lookup-down', random, config.key))
      return random.chance(0.5) ? cannot('no-answer', question.deadlineMs) : cannot('server-error', 50);
    const found = new Map<string, string>();
    for (const { id, recipients, shownAt } of this.acceptances.get(question.handle) ?? [])
      if (shownAt <= this.timeline.now)
        for (const recipient of recipients) if (question.recipients.includes(recipient)) found.set(recipient, id);
    return { afterMs: random.scaled(20, 500), value: { kind: 'answered', found } };
  }

  private measureRate(): void {
    const { now } = this.timeline;
    this.recent = [...this.recent.filter((at) => at > now - 1_000), now];
    this.busiestSecond = Math.max(this.busiestSecond, this.recent.length);
  }

  private fault(): FaultKind | undefined {
    const { faults, random, config } = this;
    if (faults.active('all-down')) {
      faults.applies('all-down', random);
      return 'all-down';
    }
    return PROVIDER_FAULTS.find((kind) => faults.applies(kind, random, config.key));
  }

  private answer(call: Call): { readonly afterMs: number; readonly result: AttemptResult } {
    const { random } = this;
    const { attempt, fault } = call;
    const quickMs = random.scaled(30, 600);
    const limitMs = Math.min(attempt.deadlineMs, attempt.answerMs ?? attempt.deadlineMs);
    const only = (outcome: Outcome, afterMs = quickMs) => ({ afterMs, result: { outcome } });
    switch (fault) {
      case '5xx':
        return only(SERVER_ERROR);
      case '5xx-taken':
        this.accept(call);
        return only(SERVER_ERROR);
      case 'refused':
      case 'all-down':
        return only({ kind: 'unavailable', blames: 'outage', reason: 'connection-refused' }, random.between(1, 20));
      case 'connect-hang':
        return only(
          { kind: 'unavailable', blames: 'outage', reason: 'connect-timeout' },
          Math.min(attempt.connectMs, limitMs),
        );
      case 'hang':
        return only(NO_ANSWER, limitMs);
      case 'hang-taken': {
        // The provider read the request before the sender gave up the call. The provider may accept the mail long after the
        // sender gave up the call.
        const laterMs = random.chance(0.8) ? random.between(0, attempt.deadlineMs) : random.scaled(1_000, 180_000);
        this.timeline.after(laterMs, () => this.accept(call));
        return only(NO_ANSWER, limitMs);
      }
      case 'dead-sockets':
      case 'reset':
        return only({ kind: 'unknown', reason: 'connection-lost' });
      case 'reset-taken':
        this.accept(call);
        return only({ kind: 'unknown', reason: 'connection-lost' });
      case 'throttle':
        return only({ kind: 'throttled', of: 'provider', reason: 'rate-limit' });
      case 'retry-after':
        return only({
          kind: 'throttled',
          of: 'provider',
          reason: 'rate-limit',
          retryAfterMs: Math.round(random.scaled(1_000, 3_600_000)),
        });
      case 'suspended':
        return only({ kind: 'unavailable', blames: 'account', reason: 'account-disabled' });
      case 'api-changed':
        // The table of error texts of this provider type may or may not contain the text of this refusal.
        if (random.chance(0.5)) return only({ kind: 'unrecognised', reason: 'unrecognised', status: '400' });
        return only({ kind: 'refused', blames: 'message', reason: 'invalid-field' });
      case 'mis-suppressed':
        return only(SUPPRESSED);
      case 'slow': {
        const afterMs = random.between(0.3, 0.95) * attempt.deadlineMs;
        const result = this.answerByContent(call);
        return afterMs <= limitMs ? { afterMs, result } : only(NO_ANSWER, limitMs);
      }
      default:
        return { afterMs: quickMs, result: this.answerByContent(call) };
    }
  }

  /**
   * Returns the answer of a provider without a fault, which depends on the mail only. The provider refuses inactive recipients and
   * bad messages, and greylists recipients named "busy".
   */
  private answerByContent(call: Call): AttemptResult {
    const { recipients, message } = call.attempt;
    if (message.subject.startsWith('bad '))
      return { outcome: { kind: 'refused', blames: 'message', reason: 'invalid-field' } };
    const inactive = recipients.filter((address) => address.startsWith('inactive'));
    const busy = recipients.filter((address) => address.startsWith('busy') && this.random.chance(0.5));
    const good = recipients.filter((address) => !inactive.includes(address) && !busy.includes(address));
    const greylisted: Outcome = { kind: 'throttled', of: 'recipient', reason: 'greylisted' };
    const others = new Map<string, Outcome>([
      ...inactive.map((address) => [address, SUPPRESSED] as const),
      ...busy.map((address) => [address, greylisted] as const),
    ]);
    if (good.length === 0) return { outcome: inactive.length > 0 ? SUPPRESSED : greylisted, recipients: others };
    const providerMessageId = this.accept(call, good);
    return { outcome: { kind: 'accepted', providerMessageId }, ...(others.size > 0 && { recipients: others }) };
  }

  private accept(call: Call, recipients: readonly string[] = call.attempt.recipients): string {
    const { random, faults, config } = this;
    const { handle } = call.attempt.message;
    this.count += 1;
    const id = `${config.key}-${this.count}`;
    const shownMs = faults.applies('lookup-late', random, config.key)
      ? random.scaled(30_000, 900_000)
      : random.scaled(200, 20_000);
    this.acceptances.set(handle, [
      ...(this.acceptances.get(handle) ?? []),
      { id, recipients, shownAt: this.timeline.now + shownMs },
    ]);
    this.watcher.accepted(call, recipients);
    this.report(config.key, call, recipients, id);
    return id;
  }
}

const NO_ANSWER: Outcome = { kind: 'unknown', reason: 'no-answer' };

/**
 * The code of the provider types classifies the answers 500, 502 and 504 as an outage in which the mail may have been accepted
 * nevertheless.
 */
const SERVER_ERROR: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'server-error', maybeTaken: true };

const SUPPRESSED: Outcome = { kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' };

/** The kinds of faults of a provider in the order in which they are checked. The first fault that applies to a call decides the answer. */
const PROVIDER_FAULTS = [
  'suspended',
  'refused',
  'connect-hang',
  'api-changed',
  'throttle',
  'retry-after',
  '5xx-taken',
  '5xx',
  'hang-taken',
  'hang',
  'reset-taken',
  'reset',
  'mis-suppressed',
  'slow',
] as const satisfies readonly FaultKind[];
