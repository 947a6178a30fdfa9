import type { EventRequestOutcome } from '../contract/metric-outcomes.ts';
import { type HttpAnswer, type RefusedOutcome, refusal } from '../webhook/answer.ts';

/** Outcome of one request with delivery events. */
export type EventOutcome = 'taken' | 'unreadable' | 'misdirected' | 'too-large' | RefusedOutcome;

/** Returns the HTTP answer to the provider for an outcome. */
export function eventAnswer(outcome: EventOutcome): HttpAnswer {
  switch (outcome) {
    case 'taken':
      return { status: 200, text: 'accepted' };
    case 'unreadable':
      return { status: 200, text: 'ignored, since this is no delivery event' };
    case 'misdirected':
      return { status: 422, text: 'this is received mail, and this address accepts delivery events only' };
    case 'too-large':
      return { status: 413, text: 'larger than 1 MB' };
    default:
      return refusal(outcome);
  }
}

/** Name under which the metrics count each outcome. */
export const COUNTED_AS: Readonly<Record<EventOutcome, EventRequestOutcome>> = {
  taken: 'taken',
  refused: 'refused',
  replayed: 'refused',
  'unknown-path': 'refused',
  unreadable: 'unusable',
  misdirected: 'unusable',
  'too-large': 'unusable',
  failed: 'failed',
};
