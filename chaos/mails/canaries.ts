import { defined } from '../../lambda/platform/defined.ts';
import { queueProofs } from '../../lambda/platform/proof.ts';
import type { Mail } from './mail.ts';
import { QUIET_MAIL_MS, simpleMail } from './phases.ts';

/**
 * Time between two canaries (test mails) through one provider, before and during the quiet phase. The quiet phase has no random
 * faults.
 */
const EVERY_MS = 12 * 3_600_000;
const EVERY_IN_QUIET_MS = 30 * 60_000;
/** Time after the last fault within which the circuit breakers of all providers must have closed again. */
const SETTLED_MS = 80 * 60_000;

export interface CanariesOptions {
  readonly start: number;
  /** End of the last random fault. */
  readonly quietFrom: number;
  readonly providers: readonly string[];
  /** `Mail.index` of the first canary. */
  readonly index: number;
  /** Key that signs the message attributes of the canaries. The sender trusts only signed attributes. */
  readonly key: string;
}

/** Creates canaries, each for one provider, in the form in which the health function puts canaries on the outbound queue. */
export async function drawCanaries({ start, quietFrom, providers, index, key }: CanariesOptions): Promise<Mail[]> {
  const secrets = { read: () => Promise.resolve({ key }) };
  const clock = { now: () => start, sleep: () => new Promise<void>(() => undefined) };
  const proofs = queueProofs('proof-key', secrets, clock, { add: () => undefined });
  const times = (from: number, to: number, every: number) =>
    Array.from({ length: Math.max(0, Math.floor((to - from) / every)) }, (_, place) => from + place * every);
  const slots = [
    ...times(start, quietFrom, EVERY_MS).map((at) => ({ at, quiet: false, every: EVERY_MS })),
    ...times(quietFrom + SETTLED_MS, quietFrom + QUIET_MAIL_MS, EVERY_IN_QUIET_MS).map((at) => ({
      at,
      quiet: true,
      every: EVERY_IN_QUIET_MS,
    })),
  ];
  return Promise.all(
    slots.flatMap(({ at, quiet, every }, slot) =>
      providers.map(async (provider, place): Promise<Mail> => {
        const id = `mailover-canary:out:${provider}:${slot}`;
        const expiresAt = at + every;
        const more = {
          providers: { only: [provider] },
          expiresAt: new Date(expiresAt).toISOString(),
          onUnknown: 'failover',
        };
        const mail = simpleMail(undefined, index + slot * providers.length + place, at, [provider], more);
        return {
          ...mail,
          id,
          attributes: await proofs.prove(mail.body, { SubmissionId: id }),
          expiresAt,
          onUnknown: 'failover',
          ordered: true,
          canary: true,
          ...defined({ quiet: quiet || undefined }),
        };
      }),
    ),
  );
}
