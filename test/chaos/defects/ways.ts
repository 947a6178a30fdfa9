import type { Outcome } from '../../../lambda/mail/outcome.ts';
import type { Item } from '../../../lambda/platform/table.ts';
import { openGate } from '../../support/open-gate.ts';
import { type Defects, reads, sees } from './defect.ts';

/** Defects that send mail to the wrong provider, or to a provider that must be skipped. */
export const ways: Defects = {
  'no circuit ever opens': { foundAs: ['circuit does not open'], gate: () => openGate },
  'a closed account opens no circuit': {
    foundAs: ['circuit does not open'],
    ...learning(withoutAccount),
  },
  'a circuit never closes': {
    foundAs: ['does not come back', 'circuit does not close', 'late in the quiet phase'],
    ports: (ports) => ({
      ...ports,
      table: {
        ...ports.table,
        write: async (item, expected) => {
          if (!item.pk.startsWith('circuit/') || !isClosed(item)) return ports.table.write(item, expected);
          const current = await ports.table.get(item.pk);
          if (!current || isClosed(current)) return ports.table.write(item, expected);
          return { done: false, current };
        },
      },
    }),
  },
  'a provider that has recovered gets all mail at once': {
    foundAs: ['no slow start'],
    ports: (ports) => ({
      ...ports,
      table: {
        get: async (pk) => withoutTrips(await ports.table.get(pk)),
        getAll: async (pks) =>
          new Map(Array.from(await ports.table.getAll(pks), ([pk, item]) => [pk, withoutTrips(item) as Item])),
        write: async (item, expected) => {
          const written = await ports.table.write(item, expected);
          return written.done
            ? { done: true, item: withoutTrips(written.item) as Item }
            : { done: false, current: withoutTrips(written.current) };
        },
      },
    }),
  },
  'a share is ignored': { foundAs: ['wrong share'], ...shared(undefined) },
  'a share is ten times as large': { foundAs: ['wrong share'], ...shared(0.1) },
  'an isolation is ignored': {
    foundAs: ['called although isolated'],
    ...sees((item) => (item.pk.startsWith('switch/') ? undefined : item)),
  },
  'an isolation applies after five minutes': {
    foundAs: ['called although isolated'],
    ...sees((item, now) => (item.pk.startsWith('switch/') && now - Number(item['since']) < 300_000 ? undefined : item)),
  },
  'a release is ignored': {
    foundAs: ['does not come back'],
    ...sees((item) => (item.pk.startsWith('switch/') ? { ...item, until: Number(item['until']) + 1_800_000 } : item)),
  },
  'a Retry-After is not kept': {
    foundAs: ['called although held'],
    ...learning(({ retryAfterMs: _, ...outcome }: Outcome & { readonly retryAfterMs?: number }) => outcome as Outcome),
  },
  'mailboxes are given up, however many a provider calls bad': {
    foundAs: ['mailboxes given up'],
    ...sees((item) => (item.pk.startsWith('tally/') ? undefined : item)),
  },
  'a strict route lets mail choose': {
    foundAs: ['forbidden provider'],
    ports: (ports) => ({
      ...ports,
      environment: {
        ...ports.environment,
        routes: (ports.environment.routes ?? []).map(({ strict: _, ...route }) => route),
      },
    }),
  },
  'mail may not choose': {
    foundAs: ['forbidden provider'],
    ...reads(({ providers: _, ...submission }) => submission),
  },
  'the last of the list comes first': {
    foundAs: ['wrong order', 'circuit does not close'],
    ports: (ports) => ({
      ...ports,
      environment: { ...ports.environment, providers: ports.environment.providers.toReversed() },
    }),
  },
  'a superseding mail takes the same route': {
    foundAs: ['wrong order'],
    ...reads(({ supersedes: _, ...submission }) => submission),
  },
  'no rate is kept': {
    foundAs: ['too fast'],
    ...rated(() => undefined),
  },
  'every rate is an eighth too high': {
    foundAs: ['too fast'],
    ...rated((perSecond) => 1.125 * perSecond),
  },
};

/** Changes the configured rate limits of all providers. */
function rated(change: (perSecond: number) => number | undefined): Pick<Defects[string], 'ports'> {
  return {
    ports: (ports) => {
      const providers = ports.environment.providers.map(({ maxPerSecond, ...provider }) => {
        const rate = maxPerSecond === undefined ? undefined : change(maxPerSecond);
        return rate === undefined ? provider : { ...provider, maxPerSecond: rate };
      });
      return { ...ports, environment: { ...ports.environment, providers } };
    },
  };
}

/** Replaces the configured `share` (a fixed part of the mail) of each provider that has a share. */
function shared(share: number | undefined): Pick<Defects[string], 'ports'> {
  return {
    ports: (ports) => {
      const providers = ports.environment.providers.map(({ share: own, ...provider }) =>
        own === undefined || share === undefined ? provider : { ...provider, share },
      );
      return { ...ports, environment: { ...ports.environment, providers } };
    },
  };
}

/** Changes the stored item of a closed circuit breaker as if the circuit had never been open. */
function withoutTrips(item: Item | undefined): Item | undefined {
  return item && isClosed(item) ? { ...item, state: { ...(item['state'] as object), trips: 0 } } : item;
}

/** Changes the outcomes of attempts before they are reported to the circuit breakers. */
function learning(change: (outcome: Outcome) => Outcome): Pick<Defects[string], 'gate'> {
  return {
    gate: (gate) => ({
      ...gate,
      enter: async (...given) => {
        const entry = await gate.enter(...given);
        if (entry.kind !== 'go') return entry;
        return { ...entry, leave: (outcomes) => entry.leave(outcomes.map(change)) };
      },
    }),
  };
}

function withoutAccount(outcome: Outcome): Outcome {
  const isAccount = outcome.kind === 'unavailable' && outcome.blames === 'account';
  return isAccount ? { kind: 'refused', blames: 'message', reason: 'format' } : outcome;
}

function isClosed(item: Pick<Item, 'pk'> & Readonly<Record<string, unknown>>): boolean {
  return (item['state'] as { readonly kind?: string } | undefined)?.kind === 'closed';
}
