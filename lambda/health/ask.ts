import { PROVIDER_DEFAULTS, type ProviderConfig } from '../contract/providers.ts';
import { AUTHENTICATION } from '../mail/outcome.ts';
import { workerReason } from '../mail/reason.ts';
import { redactor } from '../mail/redact.ts';
import type { ProviderPool } from '../providers/pool.ts';
import type { Health } from '../providers/provider.ts';
import { askTwice } from '../providers/question.ts';

/** Asks one provider whether our account at the provider may send. A failure is returned as a result, and is not thrown. */
export type AskHealth = (provider: ProviderConfig) => Promise<Health>;

/** Longest wait for the answer to a health check, in milliseconds, even if the provider's deadline for attempts is longer. */
const MOST_MS = 10_000;

/** Makes a function that checks the health of the providers of a pool. */
export function healthAsker(pool: Pick<ProviderPool, 'use'>): AskHealth {
  return async (config) => {
    const { deadlineMs = PROVIDER_DEFAULTS.deadlineMs, connectMs = PROVIDER_DEFAULTS.connectMs } = config;
    const used = await pool.use(config, {
      deadlineMs: Math.min(deadlineMs, MOST_MS),
      connectMs,
      call: (provider, leftMs) =>
        askTwice(leftMs, connectMs, async (left): Promise<Health> => {
          const answer = await provider.health?.({ deadlineMs: left, connectMs });
          return answer ?? { state: 'unreachable', reason: 'not-askable' };
        }),
      ownFault: ({ reason }) => workerReason(reason),
      isAuthentication: ({ reason }) => reason === AUTHENTICATION,
    });
    switch (used.kind) {
      case 'done': {
        const { detail } = used.result;
        if (detail === undefined) return used.result;
        return { ...used.result, detail: redactor({ values: [], secrets: Object.values(used.secret) })(detail) };
      }
      case 'unusable':
        return { state: 'account-refused', reason: used.reason, detail: used.detail };
      case 'unready':
        // A short failure of Secrets Manager, or a fault of this process, does not show whether the account may send.
        return { state: 'unreachable', reason: used.reason, detail: used.detail };
      case 'crashed':
        return { state: 'unreachable', reason: 'crashed', detail: used.detail };
    }
  };
}
