import { queueProofs } from '../../lambda/platform/proof.ts';
import { CALM_MAIL_MS, simpleMail } from './calm.ts';
import type { Mail } from './mail.ts';

/** One canary over each provider in each of these. */
const EVERY_MS = 12 * 3_600_000;
const EVERY_IN_CALM_MS = 30 * 60_000;
/** In calm each provider has let go of its circuit by then. */
const SETTLED_MS = 80 * 60_000;

export interface CanariesOptions {
  readonly start: number;
  /** When the last drawn fault has ended. */
  readonly calmFrom: number;
  readonly providers: readonly string[];
  /** Place of the first one. */
  readonly index: number;
  /** The secret that proves them. */
  readonly key: string;
}

/** Mail of Mailover's own over one provider each, as its health check puts it on the outbound queue. */
export async function drawCanaries({ start, calmFrom, providers, index, key }: CanariesOptions): Promise<Mail[]> {
  const secrets = { read: () => Promise.resolve({ key }) };
  const clock = { now: () => start, sleep: () => new Promise<void>(() => undefined) };
  const proofs = queueProofs('letters', secrets, clock, { add: () => undefined });
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
