import type { EventRequestOutcome } from '../contract/metric-outcomes.ts';
import { type HttpAnswer, type RefusedOutcome, refusal } from '../webhook/answer.ts';

/** Outcome of one request with delivery events. */
export type EventOutcome = 'taken' | 'unreadable' | 'misdirected' | 'too-large' | RefusedOutcome;

/** Answer to the provider. */
export function eventAnswer(outcome: EventOutcome): HttpAnswer {
  switch (outcome) {
    case 'taken':
      return { status: 200, text: 'taken' };
    case 'unreadable':
      return { status: 200, text: 'read, but this is no delivery event' };
    case 'misdirected':
      return { status: 422, text: 'this is received mail, and this address takes delivery events only' };
    case 'too-large':
      return { status: 413, text: 'larger than 1 MB' };
    default:
      return refusal(outcome);
  }
}

/** Outcome as it is counted. */
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
