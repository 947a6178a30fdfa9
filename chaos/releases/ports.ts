import type { AttemptResult } from '../../lambda/mail/outcome.ts';
import type { Log } from '../../lambda/platform/log.ts';
import type { Attempt } from '../../lambda/providers/provider.ts';
import { type LookUp, NOT_ASKABLE } from '../../lambda/sender/call.ts';
import type { Worker } from '../world/worker.ts';
import type { World } from '../world/world.ts';

export const SILENT_LOG: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The simulated providers as one process calls them. */
export function callOf(world: World, worker: Worker) {
  return (provider: { readonly key: string }, attempt: Attempt): Promise<AttemptResult> => {
    const simulated = world.providers.get(provider.key);
    if (!simulated) throw new Error(`there is no provider ${provider.key}`);
    return simulated.call(worker, attempt);
  };
}

/** Questions about earlier calls, as one process asks them. */
export function lookUpOf(world: World, worker: Worker): LookUp {
  return async (provider, question) => {
    const simulated = world.providers.get(provider.key);
    if (!simulated?.canBeAsked) return { kind: 'cannot-say', reason: NOT_ASKABLE };
    return simulated.lookup(worker, question);
  };
}
