import type { OracleCase, Rule } from '../case.ts';
import { PROMISES } from '../promises.ts';
import { named, type ProviderCall, type Story, time } from '../story.ts';

type Answered = ProviderCall & { readonly answer: NonNullable<ProviderCall['answer']> };

/** Time that recent answers count: the sender forgets them by periods of ten seconds. */
const WINDOWS_MS = [60_000, 70_000] as const;
/** Time from the sender to a provider, which a provider does not see. */
const WAY_MS = 100;
/** Number of quick answers from which the sender certainly knows that a provider is quick. */
const ENOUGH = 30;
/** Time that is allowed beyond a multiple of the slowest answer, for rounding and for small mail. */
const SPARE_MS = 1_500;

/**
 * A call that a provider leaves without an answer ends after a small multiple of its recent answers, and never before three
 * times what nearly all of them took.
 */
export const patience: Rule = (given) => {
  const calls = [...given.chronicle.stories].flatMap((story) =>
    story.attempts.filter(isAnswered).map((call): [Story, Answered] => [story, call]),
  );
  const byWorker = Map.groupBy(calls, ([, { provider, worker }]) => `${provider} ${worker.name}`);
  return Array.from(byWorker.values()).flatMap((list) =>
    list
      .filter(([, call]) => isSilent(call) && call.worker.worstSkewMs <= PROMISES.clockMs)
      .flatMap(
        ([story, call]) =>
          problem(
            given,
            story,
            call,
            list.map(([, one]) => one),
          ) ?? [],
      ),
  );
};

function problem(
  { providers }: OracleCase,
  story: Story,
  call: Answered,
  ofWorker: readonly Answered[],
): string | undefined {
  const waitedMs = tookMs(call);
  const inWords = `${named(story)} over ${call.provider} at ${time(call.begunAt)} after ${Math.round(waitedMs)} ms`;
  const askable = providers.find(({ key }) => key === call.provider)?.askable === true;
  const recent = WINDOWS_MS.map((ms) =>
    ofWorker.filter(({ answer: { at } }) => at > call.begunAt - ms && at < call.begunAt - WAY_MS),
  );
  if (waitedMs < PROMISES.deadlineMs - WAY_MS) {
    if (!askable) return `given up too soon: ${inWords}, which cannot be asked`;
    if (story.mail.onUnknown === 'hold') return `given up too soon: ${inWords}, which must not be sent twice`;
    const usual = Math.min(...recent.map((list) => nearlyAll(list.filter(isAccepted).map(tookMs))));
    const least = Math.max(PROMISES.answerMs, PROMISES.answerFactor * usual);
    return waitedMs < least ? `given up too soon: ${inWords}, not ${Math.round(least)}` : undefined;
  }
  const [minute = []] = recent;
  const isQuick = minute.length >= ENOUGH && minute.every(isAccepted) && !minute.some(isSilent);
  const most = PROMISES.answerFactor * Math.max(...minute.map((one) => tookMs(one) + WAY_MS)) + SPARE_MS;
  const isPlain = story.mail.trait === 'plain' && story.mail.onUnknown !== 'hold';
  return askable && isQuick && isPlain && waitedMs > most
    ? `waits for a provider that hangs: ${inWords}, not ${Math.round(most)}`
    : undefined;
}

/** What 99 % of the answers took at most. */
function nearlyAll(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.ceil(0.99 * sorted.length) - 1] ?? 0;
}

/** Whether the sender waited for an answer until a limit of its own. */
function isSilent({ fault, answer }: Answered): boolean {
  return answer.outcome === 'unknown' && (fault === 'hang' || fault === 'hang-taken' || fault === 'slow');
}

function isAccepted({ answer }: Answered): boolean {
  return answer.outcome === 'accepted';
}

function isAnswered(call: ProviderCall): call is Answered {
  return call.answer !== undefined;
}

function tookMs({ begunAt, answer }: Answered): number {
  return answer.at - begunAt;
}
