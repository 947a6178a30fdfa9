import { queueProofs } from '../../lambda/platform/proof.ts';
import { CALM_MAIL_MS, simpleMail } from './calm.ts';
import type { Mail } from './mail.ts';

/** Time between two canaries over each provider. */
const EVERY_MS = 12 * 3_600_000;
const EVERY_IN_CALM_MS = 30 * 60_000;
/** Time after the last fault within which each provider's circuit has closed. */
const SETTLED_MS = 80 * 60_000;

export interface CanariesOptions {
  readonly start: number;
  /** End of the last drawn fault. */
  readonly calmFrom: number;
  readonly providers: readonly string[];
  /** Place of the first mail. */
  readonly index: number;
  /** Key of their proofs. */
  readonly key: string;
}

/** Canaries over one provider each, as the health check puts them on the outbound queue. */
export async function drawCanaries({ start, calmFrom, providers, index, key }: CanariesOptions): Promise<Mail[]> {
  const secrets = { read: () => Promise.resolve({ key }) };
  const clock = { now: () => start, sleep: () => new Promise<void>(() => undefined) };
  const proofs = queueProofs('proof-key', secrets, clock, { add: () => undefined });
  const times = (from: number, to: number, every: number) =>
    Array.from({ length: Math.max(0, Math.floor((to - from) / every)) }, (_, place) => from + place * every);
  const slots = [
    ...times(start, calmFrom, EVERY_MS).map((at) => ({ at, calm: false, every: EVERY_MS })),
    ...times(calmFrom + SETTLED_MS, calmFrom + CALM_MAIL_MS, EVERY_IN_CALM_MS).map((at) => ({
      at,
      calm: true,
      every: EVERY_IN_CALM_MS,
    })),
  ];
  return Promise.all(
    slots.flatMap(({ at, calm, every }, slot) =>
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
          ...(calm && { calm }),
        };
      }),
    ),
  );
}
