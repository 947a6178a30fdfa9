import { type History, named, type ProviderCall, time } from '../history.ts';
import type { OracleInput, Rule } from '../input.ts';
import { PROMISES } from '../promises.ts';

type Answered = ProviderCall & { readonly answer: NonNullable<ProviderCall['answer']> };

/**
 * Shortest and longest time for which the sender counts an answer as recent. The two times differ because the sender drops old
 * answers in buckets of ten seconds.
 */
const WINDOWS_MS = [60_000, 70_000] as const;
/**
 * Longest time from the sending of a request to its arrival at the provider. The recorder measures the duration of a call from this
 * arrival.
 */
const WAY_MS = 100;
/** If there were at least this number of answers in the last minute, the sender certainly uses a shorter time-out than the normal one. */
const ENOUGH = 30;
/**
 * A call may last this number of milliseconds longer than the multiple of the slowest recent answer: for rounding, and for the
 * upload of a small mail.
 */
const SPARE_MS = 1_500;

/**
 * The sender gives up a call without an answer after a small multiple of the response times of the provider's recent answers. It
 * does not give up before three times the time within which 99 % of these answers arrived.
 */
export const timeOuts: Rule = (given) => {
  const calls = [...given.recorder.histories].flatMap((history) =>
    history.attempts.filter(isAnswered).map((call): [History, Answered] => [history, call]),
  );
  const byWorker = Map.groupBy(calls, ([, { provider, worker }]) => `${provider} ${worker.name}`);
  return Array.from(byWorker.values()).flatMap((list) =>
    list
      .filter(([, call]) => isSilent(call) && call.worker.worstSkewMs <= PROMISES.clockMs)
      .flatMap(
        ([history, call]) =>
          problem(
            given,
            history,
            call,
            list.map(([, one]) => one),
          ) ?? [],
      ),
  );
};

function problem(
  { providers }: OracleInput,
  history: History,
  call: Answered,
  ofWorker: readonly Answered[],
): string | undefined {
  const waitedMs = tookMs(call);
  const inWords = `${named(history)} over ${call.provider} at ${time(call.begunAt)} after ${Math.round(waitedMs)} ms`;
  const askable = providers.find(({ key }) => key === call.provider)?.askable === true;
  const recent = WINDOWS_MS.map((ms) =>
    ofWorker.filter(({ answer: { at } }) => at > call.begunAt - ms && at < call.begunAt - WAY_MS),
  );
  if (waitedMs < PROMISES.deadlineMs - WAY_MS) {
    if (!askable) return `given up too soon: ${inWords}, which cannot be asked`;
    if (history.mail.onUnknown === 'hold') return `given up too soon: ${inWords}, which must not be sent twice`;
    const usual = Math.min(...recent.map((list) => nearlyAll(list.filter(isAccepted).map(tookMs))));
    const least = Math.max(PROMISES.answerMs, PROMISES.answerFactor * usual);
    return waitedMs < least ? `given up too soon: ${inWords}, not ${Math.round(least)}` : undefined;
  }
  const [minute = []] = recent;
  const isQuick = minute.length >= ENOUGH && minute.every(isAccepted) && !minute.some(isSilent);
  const most = PROMISES.answerFactor * Math.max(...minute.map((one) => tookMs(one) + WAY_MS)) + SPARE_MS;
  const isPlain = history.mail.trait === 'plain' && history.mail.onUnknown !== 'hold';
  return askable && isQuick && isPlain && waitedMs > most
    ? `waits for a provider that hangs: ${inWords}, not ${Math.round(most)}`
    : undefined;
}

/** Returns the time within which 99 % of the answers arrived. */
function nearlyAll(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.ceil(0.99 * sorted.length) - 1] ?? 0;
}

/** Whether the call ended without an answer because of a time-out of the sender. */
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
