import type { Secrets } from '../../lambda/platform/secrets.ts';
import type { ProviderPool } from '../../lambda/providers/pool.ts';
import type { Attempt } from '../../lambda/providers/provider.ts';
import { type CallProvider, type LookUp, NOT_ASKABLE } from '../../lambda/sender/call.ts';
import type { SimulatedWorker } from '../world/worker.ts';
import type { SimulatedWorld } from '../world/world.ts';

const UNREACHABLE = 'secrets-unreachable';

/**
 * Returns the function with which one process calls the simulated providers. Before each call, the process reads the secret of
 * the provider, usually from its cache. If this read fails, the provider is not called.
 */
export function callOf(world: SimulatedWorld, worker: SimulatedWorker, secrets?: Secrets): CallProvider {
  return async ({ key }, attempt: Attempt) => {
    const ready = await isReady(key, secrets);
    return ready ? world.providerOf(key).call(worker, attempt) : { notCalled: UNREACHABLE };
  };
}

/** Returns the function with which one process looks up sent mail at the simulated providers. */
export function lookUpOf(world: SimulatedWorld, worker: SimulatedWorker, secrets: Secrets): LookUp {
  return async ({ key }, question) => {
    const simulated = world.providerOf(key);
    if (!simulated.canBeAsked) return { kind: 'cannot-say', reason: NOT_ASKABLE };
    const ready = await isReady(key, secrets);
    return ready ? simulated.lookup(worker, question) : { kind: 'cannot-say', reason: UNREACHABLE };
  };
}

/**
 * Returns a function that reads the secret of a provider. The sender calls this function before the circuit breaker of the provider
 * admits a mail.
 */
export function prepareOf(secrets: Secrets): ProviderPool['prepare'] {
  return async ({ key }) => ((await isReady(key, secrets)) ? undefined : UNREACHABLE);
}

async function isReady(key: string, secrets: Secrets | undefined): Promise<boolean> {
  if (!secrets) return true;
  return secrets.read(`mailover/${key}`).then(
    () => true,
    () => false,
  );
}
