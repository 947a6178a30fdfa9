import { PROVIDER_DEFAULTS, type ProviderConfig } from '../contract/providers.ts';
import { AUTHENTICATION } from '../mail/outcome.ts';
import type { ProviderPool } from '../providers/pool.ts';
import type { Health } from '../providers/provider.ts';
import { askTwice } from '../providers/question.ts';

/** Asks one provider whether its account may send; whatever happens is a value. */
export type AskHealth = (provider: ProviderConfig) => Promise<Health>;

/** A gauge of the minute is worth no longer wait, whatever a mail may take. */
const MOST_MS = 10_000;

/** How Secrets Manager says that waiting will not help (API_GetSecretValue, 2026-11-25), and what our reading adds. */
const LASTING = [
  'ResourceNotFoundException',
  'AccessDeniedException',
  'DecryptionFailure',
  'InvalidRequestException',
  // The secret is there and is no JSON object of strings.
  'SyntaxError',
  'Error',
];

/** Questions about health, by the providers of a pool. */
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
      isAuthentication: ({ reason }) => reason === AUTHENTICATION,
    });
    switch (used.kind) {
      case 'done':
        return used.result;
      case 'unusable': {
        const { reason, detail } = used;
        // A moment without Secrets Manager says nothing of any account; a secret that is missing closes this one for us.
        const lasting = reason === 'not-usable' || LASTING.includes(detail);
        return { state: lasting ? 'account-refused' : 'unreachable', reason, detail };
      }
      case 'crashed':
        return { state: 'unreachable', reason: 'crashed', detail: used.detail };
    }
  };
}
