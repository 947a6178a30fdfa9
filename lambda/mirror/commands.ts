import type { MirrorEnvironment, MirroredProvider } from '../contract/mirror-environment.ts';
import {
  type MirrorResult,
  type ShownSuppression,
  type SuppressionAnswer,
  type SuppressionCommand,
  suppressionCommandSchema,
} from '../contract/suppression-command.ts';
import type { Clock } from '../platform/clock.ts';
import { defined } from '../platform/defined.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { OwnListModule } from '../providers/own-list.ts';
import { definitionOf } from '../providers/registry.ts';
import type { AddressIndex, SuppressedAddress } from '../suppression/addresses.ts';
import type { SuppressionDoubt } from '../suppression/doubt.ts';
import type { SuppressionEntry } from '../suppression/entry.ts';
import { isOpen, type Suppressions } from '../suppression/list.ts';
import type { PendingRemovals } from '../suppression/removals.ts';
import type { Unsubscribes } from '../suppression/unsubscribes.ts';
import { errorDetail, importList, type MirrorContext, type Mirrored, mirror, removePending } from './mirror.ts';

export interface MirrorDependencies {
  readonly environment: MirrorEnvironment;
  readonly suppressions: Suppressions;
  readonly unsubscribes: Pick<Unsubscribes, 'remove'>;
  readonly index: AddressIndex;
  readonly removals: PendingRemovals;
  readonly doubt: Pick<SuppressionDoubt, 'isDoubted' | 'doubtsImport'>;
  readonly secrets: Secrets;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  loadOwnList(type: string): Promise<OwnListModule>;
}

/** Number of entries after which a page of the suppression list ends, since Lambda limits an answer to 6 MB. */
const PER_ANSWER = 15_000;
/** Time that is reserved for the end of a run, in milliseconds. */
const MARGIN_MS = 30_000;

/**
 * Creates the function that answers a command of an operator. An event without a command, such as the event of the schedule,
 * starts the daily run.
 */
export function createCommands(
  dependencies: MirrorDependencies,
): (event: unknown, remainingMs: () => number) => Promise<SuppressionAnswer> {
  const { environment, suppressions, index, removals, doubt, secrets, clock, log, metrics } = dependencies;

  return async (event, remainingMs) => {
    if (Object(event)['command'] === undefined) return await daily(remainingMs);
    const read = suppressionCommandSchema.safeParse(event);
    if (!read.success) return { kind: 'refused', message: read.error.issues[0]?.message ?? 'no such command' };
    return await answer(read.data, remainingMs);
  };

  async function answer(command: SuppressionCommand, remainingMs: () => number): Promise<SuppressionAnswer> {
    switch (command.command) {
      case 'list':
        return await listed(command.from ?? 0);
      case 'add': {
        const { address, operator: source } = command;
        const entry = await suppressions.add(address, { reason: 'manual', source, at: clock.now() });
        return entry
          ? { kind: 'added', entry: shown({ ...entry, address }) }
          : { kind: 'refused', message: 'the address was removed at this moment' };
      }
      case 'remove':
        if (command.class === undefined) return await remove(command.address);
        return {
          kind: 'subscribed',
          was: await dependencies.unsubscribes.remove({ ...command, class: command.class }),
        };
      case 'mirror':
        return await daily(remainingMs);
      case 'import':
        return await withProvider(command.provider, async (provider) => {
          const context = contextOf(remainingMs);
          const { isConfirmed = false } = command;
          return { kind: 'mirrored', providers: [await importList(await open(provider), context, { isConfirmed })] };
        });
      case 'take-back':
        // This command also accepts a provider that is no longer configured.
        return await takeBack(command.provider, command.since, remainingMs);
      default:
        return command satisfies never;
    }
  }

  async function listed(from: number): Promise<SuppressionAnswer> {
    const entries: ShownSuppression[] = [];
    for await (const { addresses, next } of index.all(from)) {
      entries.push(...addresses.filter((one) => isOpen(one, clock.now())).map(shown));
      if (entries.length >= PER_ANSWER) return { kind: 'listed', entries, next };
    }
    return { kind: 'listed', entries };
  }

  /**
   * Removes an address from the suppression list and from every provider's own list; the daily run repeats a removal that failed at a provider.
   */
  async function remove(address: string): Promise<SuppressionAnswer> {
    const isListed = await suppressions.remove(address);
    const providers = environment.providers.map(async (provider) => {
      const result = await open(provider)
        .then(({ list }) => list.remove(address))
        .catch(async (error: unknown) => {
          await removals.note(provider.key, address);
          return `failed: ${errorDetail(error)}`;
        });
      return { provider: provider.key, result };
    });
    return { kind: 'removed', listed: isListed, providers: await Promise.all(providers) };
  }

  /**
   * Removes from the suppression list all entries that `source` has added since the time `since`, in epoch milliseconds. Also
   * removes their addresses from every provider's own list, as long as there is time; the daily run removes the remaining
   * addresses.
   */
  async function takeBack(source: string, since: number, remainingMs: () => number): Promise<SuppressionAnswer> {
    let removed = 0;
    for await (const { addresses } of index.all())
      for (const one of addresses.filter(({ source: by, at }) => by === source && at >= since)) {
        // The removals are noted first: if this run is stopped, the daily run makes the removals that are missing.
        await Promise.all(environment.providers.map(({ key }) => removals.note(key, one.address)));
        if (await suppressions.remove(one.address)) removed += 1;
      }
    const context = contextOf(remainingMs);
    const providers = environment.providers.map(async (provider) => {
      const result = await open(provider)
        .then((opened) => removePending(opened, context))
        .then(({ removed: there, left }) => `${there} removed there${left > 0 ? `, ${left} left` : ''}`)
        .catch((error: unknown) => `failed: ${errorDetail(error)}`);
      return { provider: provider.key, result };
    });
    return { kind: 'taken-back', removed, providers: await Promise.all(providers) };
  }

  async function daily(remainingMs: () => number): Promise<SuppressionAnswer> {
    const { providers } = environment;
    const results: MirrorResult[] = [];
    for (const [place, provider] of providers.entries()) {
      // Each provider gets an equal share of the remaining time.
      const end = remainingMs() - (remainingMs() - MARGIN_MS) / (providers.length - place);
      const result = await open(provider).then(
        (opened) =>
          mirror(
            opened,
            contextOf(() => remainingMs() - end + MARGIN_MS),
          ),
        (error: unknown): MirrorResult => ({
          provider: provider.key,
          outcome: 'failed',
          imported: 0,
          added: 0,
          removed: 0,
          detail: errorDetail(error),
        }),
      );
      if (result.withheld) metrics.add('SuppressionsWithheld', result.withheld, { provider: provider.key });
      metrics.add('SuppressionMirrored', 1, { provider: provider.key, outcome: result.outcome });
      if (result.outcome === 'done') log.info('suppressions mirrored', { ...result });
      else log.warn('suppressions mirrored', { ...result });
      results.push(result);
    }
    return { kind: 'mirrored', providers: results };
  }

  function contextOf(remainingMs: () => number): MirrorContext {
    const { overridesHardBounces } = environment;
    const belongsThere = (one: SuppressedAddress) =>
      isOpen(one, clock.now()) && !(overridesHardBounces && one.reason === 'hard-bounce');
    return {
      suppressions,
      removals,
      doubt,
      now: clock.now,
      addresses: async function* () {
        for await (const { addresses } of index.all()) yield addresses.filter(belongsThere);
      },
      hasTime: () => remainingMs() > MARGIN_MS,
    };
  }

  async function withProvider(
    key: string,
    work: (provider: MirroredProvider) => Promise<SuppressionAnswer>,
  ): Promise<SuppressionAnswer> {
    const { providers } = environment;
    const provider = providers.find((known) => known.key === key);
    if (provider) return await work(provider);
    const keys = providers.map((known) => known.key).join(', ');
    return { kind: 'refused', message: `there is no provider "${key}" with a list of its own; there are: ${keys}` };
  }

  async function open({ key, type, options, secretName }: MirroredProvider): Promise<Mirrored> {
    const { ownList } = await dependencies.loadOwnList(type);
    const endpoint = environment.endpoints?.[key];
    return {
      key,
      mostAdded: definitionOf(type).ownList?.mostAdded ?? 0,
      list: ownList({
        ...defined({ endpoint }),
        options,
        secret: secretName === undefined ? {} : await secrets.read(secretName),
        fetch: dependencies.fetch,
      }),
    };
  }
}

/** Returns an entry in the form that operators see. */
function shown({
  address,
  reason,
  source,
  at,
  expires,
}: SuppressionEntry & { readonly address: string }): ShownSuppression {
  return {
    address,
    reason,
    source,
    at: new Date(at).toISOString(),
    ...defined({ expiresAt: expires === undefined ? undefined : new Date(expires * 1000).toISOString() }),
  };
}
