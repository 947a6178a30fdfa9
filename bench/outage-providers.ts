import { generate } from 'selfsigned';
import type { ProviderConfig } from '../lambda/contract/providers.ts';
import { StackClock } from '../local/clock.ts';
import { FaultBoard, parseFaults } from '../local/faults/faults.ts';
import { ownHosts } from '../local/network/own-hosts.ts';
import { startSimulators } from '../local/simulators/main.ts';

/** The providers of the benchmark. During the outage the first provider is broken. */
export const OUTAGE_PROVIDERS: readonly ProviderConfig[] = [
  { key: 'first', type: 'postmark', options: {} },
  { key: 'second', type: 'mailgun', options: { domain: 'example.com' } },
];

/** Credentials that the simulated providers accept. */
export const SECRETS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  first: { serverToken: 'bench' },
  second: { apiKey: 'bench' },
};

/** Message that this child process sends to its parent when the simulated providers are ready. */
export interface Up {
  readonly endpoints: Readonly<Record<string, string>>;
}

/**
 * Answer of this child process to an empty message: the number of accepted mails since the last fault was set, and the number of
 * mails that were accepted twice.
 */
export interface AcceptedMails {
  readonly mails: number;
  readonly twice: number;
}

if (process.send) {
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
  const faults = new FaultBoard();
  const { endpoints, accepted, close } = await startSimulators({
    providers: OUTAGE_PROVIDERS,
    basePort: 0,
    secrets: SECRETS,
    tls: { key: pems.private, cert: pems.cert },
    faults,
    own: ownHosts(),
    clock: new StackClock(1),
  });
  process.on('message', async ({ fault }: { fault?: unknown }) => {
    if (fault === undefined) {
      const all = await accepted.list({ raw: false });
      const counts = Map.groupBy(all, ({ submissionId }) => submissionId).values();
      const twice = Array.from(counts).filter(({ length }) => length > 1).length;
      process.send?.({ mails: all.length, twice } satisfies AcceptedMails);
    } else {
      await faults.set('first', parseFaults(fault));
      accepted.clear();
      process.send?.('set');
    }
  });
  process.on('disconnect', () => void close().finally(() => process.exit(0)));
  process.send({ endpoints } satisfies Up);
}
