import type { Server } from 'node:net';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { StackClock } from '../clock.ts';
import { closesPort, type FaultBoard } from '../faults/faults.ts';
import type { OwnHosts } from '../network/own-hosts.ts';
import { AcceptedLog, type Taking } from './accepted-log.ts';
import type { Report } from './events/reporter.ts';
import { type HttpBehaviour, httpSimulator } from './http-simulator.ts';
import { type LocalReceiver, withReceiving } from './inbound/receiving.ts';
import { Port } from './port.ts';
import { simulatedType } from './registry.ts';

export interface SimulatorOptions {
  readonly providers: readonly ProviderConfig[];
  /** Port of the first provider; the other providers have the next ports. With 0 each provider gets any free port. */
  readonly basePort: number;
  /** By provider key: the secret with the credentials that the provider's simulator requires. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly tls: { readonly key: string; readonly cert: string };
  readonly faults: FaultBoard;
  readonly own: OwnHosts;
  /**
   * Delivers an accepted mail to its recipients.
   * @default - accepted mail is only logged
   */
  readonly deliver?: (taking: Taking) => Promise<void>;
  /**
   * Clock with the time scale for the schedules of the providers. The `delayMs` of a fault is in real time, because deadlines of
   * requests are in real time too.
   */
  readonly clock: StackClock;
  /** By provider key: the part of the provider that receives mail, for providers that have such a part. */
  readonly receiving?: Readonly<Record<string, LocalReceiver>>;
  /** By provider key: the object that reports delivery events of accepted mail, for providers with delivery events. */
  readonly reports?: Readonly<Record<string, { readonly report: Report }>>;
}

export interface Simulators {
  /** By provider key: URL of the provider's simulator. */
  readonly endpoints: Record<string, string>;
  /**
   * By provider key: URL that the health function uses. An SMTP provider has an extra port for health checks, since an SMTP session
   * does not show that it is a health check.
   */
  readonly healthEndpoints: Record<string, string>;
  readonly accepted: AcceptedLog;
  /** Deletes the log of accepted mail, and the addresses on the providers' own suppression lists. */
  clear(): void;
  close(): Promise<void>;
}

/** Starts one simulator for each provider, on 127.0.0.1. If one simulator cannot start, stops all simulators. */
export async function startSimulators(options: SimulatorOptions): Promise<Simulators> {
  const { providers, basePort, faults } = options;
  const accepted = new AcceptedLog(options.deliver);
  const endpoints: Record<string, string> = {};
  const healthEndpoints: Record<string, string> = {};
  const ports: Port[] = [];
  const behaviours: HttpBehaviour[] = [];
  let closed = false;
  const close = async () => {
    closed = true;
    await Promise.all(ports.map((port) => port.shut()));
  };
  try {
    const open = async (server: Server, number: number, key: string, alone?: 'health'): Promise<string> => {
      const port = new Port(server, number);
      ports.push(port);
      await port.open();
      const follow = async (list: Parameters<typeof closesPort>[0]) =>
        await (closed || closesPort(list, alone) ? port.shut() : port.open());
      faults.onChange(key, follow);
      await follow(faults.get(key));
      return `127.0.0.1:${port.number}`;
    };
    for (const [index, config] of providers.entries()) {
      const { key, type } = config;
      const { protocol } = simulatedType(type);
      const number = basePort === 0 ? 0 : basePort + index;
      const url = (address: string) => `${protocol}://${address}`;
      endpoints[key] = url(await open(serverOf(config, options, accepted, 'send', behaviours), number, key));
      // Over HTTP the path shows whether a request is a health check or sends mail, so both use the same port.
      healthEndpoints[key] =
        protocol === 'http'
          ? endpoints[key]
          : url(await open(serverOf(config, options, accepted, 'health', behaviours), 0, key, 'health'));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const clear = () => {
    accepted.clear();
    for (const behaviour of behaviours) behaviour.clear?.();
  };
  return { endpoints, healthEndpoints, accepted, clear, close };
}

/** Returns the host names that the TLS certificate of the simulators must contain. */
export function tlsHosts(providers: readonly ProviderConfig[]): string[] {
  return providers.flatMap(({ type, options }) => {
    const simulated = simulatedType(type);
    return simulated.protocol === 'smtp' ? [simulated.hostOf(options)] : [];
  });
}

function serverOf(
  { key, type, options: given }: ProviderConfig,
  options: SimulatorOptions,
  log: AcceptedLog,
  occasion: 'send' | 'health',
  behaviours: HttpBehaviour[],
): Server {
  const { faults, tls, clock, own } = options;
  const report: Report = (event, afterMs) => options.reports?.[key]?.report(event, afterMs);
  const played = { options: given, secret: options.secrets[key] ?? {}, clock, report };
  const simulated = simulatedType(type);
  if (simulated.protocol === 'smtp') return simulated.serve({ ...played, key, tls, faults, log, occasion });
  const behaviour = simulated.play(played);
  behaviours.push(behaviour);
  const receiving = options.receiving?.[key];
  return httpSimulator(key, receiving ? withReceiving(behaviour, receiving) : behaviour, faults, log, own);
}
