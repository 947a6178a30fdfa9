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

/** One gate, and shorter words for what tests do with it. */
export interface Worker {
  readonly gate: Gate;
  enter(passenger?: Partial<AdmissionRequest>, provider?: ProviderConfig): Promise<Admission>;
  /** Enters and leaves with this outcome; gives the reason if it was skipped. */
  attempt(outcome: Outcome, passenger?: Partial<AdmissionRequest>): Promise<string>;
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
      const gate = createGate({ providers, table, clock, random, timeScale, log });
      const enter: Worker['enter'] = (passenger = {}, provider = postmark) => {
        mails += 1;
        return gate.enter(provider, { id: `mail-${mails}`, lane: 'fresh', ...passenger });
      };
      return {
        gate,
        enter,
        attempt: async (outcome, passenger) => {
          const entry = await enter(passenger);
          if (entry.kind === 'skip') return entry.reason;
          await entry.leave([outcome]);
          return 'went';
        },
      };
    },
  };
}

/** What a promise has come to by now. */
export async function outcomeOf<T>(promise: Promise<T>): Promise<T | 'waiting'> {
  await settled();
  return Promise.race([promise, settled().then(() => 'waiting' as const)]);
}

/** Leaves if it went in. */
export async function leave(entry: Admission, outcome: Outcome): Promise<void> {
  if (entry.kind === 'go') await entry.leave([outcome]);
}
