import type { Admission, AdmissionRequest, Gate } from '../../../lambda/circuit/admission.ts';
import { createGate } from '../../../lambda/circuit/gate.ts';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import type { Log } from '../../../lambda/platform/log.ts';
import { type ManualClock, manualClock, settled } from '../../support/manual-clock.ts';
import { type MemoryTable, memoryTable } from '../../support/memory-table.ts';

export const postmark: ProviderConfig = { key: 'postmark', type: 'postmark', options: {} };
export const mailgun: ProviderConfig = { key: 'mailgun', type: 'mailgun', options: { domain: 'example.com' } };

export const accepted: Outcome = { kind: 'accepted', providerMessageId: '1' };
export const outage: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'server-error' };
export const lost: Outcome = { kind: 'unknown', reason: 'no-answer' };
export const suspended: Outcome = { kind: 'unavailable', blames: 'account', reason: 'account-suspended' };
export const bad: Outcome = { kind: 'refused', blames: 'message', reason: 'format' };
export const inactive: Outcome = { kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' };

/** Several workers with one table and one clock. */
export interface World {
  readonly clock: ManualClock;
  readonly table: MemoryTable;
  readonly lines: string[];
  worker(providers?: readonly ProviderConfig[]): Worker;
}

/** A worker with its gate (admission to providers), and helpers for the steps of a test. */
export interface Worker {
  readonly gate: Gate;
  enter(request?: Partial<AdmissionRequest>, provider?: ProviderConfig): Promise<Admission>;
  /** Makes one attempt with this outcome; resolves with `went`, or with the reason why the attempt was skipped. */
  attempt(outcome: Outcome, request?: Partial<AdmissionRequest>): Promise<string>;
}

export function givenWorld({ timeScale = 1 } = {}): World {
  const clock = manualClock();
  const table = memoryTable();
  const lines: string[] = [];
  let draws = 0;
  let mails = 0;
  const random = () => {
    draws += 1;
    return ((draws * 7_919) % 1_000) / 1_000;
  };
  const line = (message: string) => void lines.push(message);
  const log: Log = { info: line, warn: line, error: line };
  return {
    clock,
    table,
    lines,
    worker: (providers = [postmark, mailgun]) => {
      const gate = createGate({ providers, workers: 50, table, clock, random, timeScale, log });
      const enter: Worker['enter'] = (request = {}, provider = postmark) => {
        mails += 1;
        return gate.enter(provider, { id: `mail-${mails}`, queueKind: 'fresh', ...request });
      };
      return {
        gate,
        enter,
        attempt: async (outcome, request) => {
          const admission = await enter(request);
          if (admission.kind === 'skip') return admission.reason;
          await admission.leave([outcome]);
          return 'went';
        },
      };
    },
  };
}

/** Returns the result of a promise, or `waiting` if the promise has no result yet. */
export async function outcomeOf<T>(promise: Promise<T>): Promise<T | 'waiting'> {
  await settled();
  return Promise.race([promise, settled().then(() => 'waiting' as const)]);
}

/** Reports the outcome of an attempt to the gate, if the attempt was admitted. */
export async function leave(admission: Admission, outcome: Outcome): Promise<void> {
  if (admission.kind === 'go') await admission.leave([outcome]);
}
