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
  /** Port of the first provider. The other providers get the ports after it. With 0 each provider gets a free port. */
  readonly basePort: number;
  /** Credentials that each provider's simulator requires, by provider key. */
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
   * Clock of the local stack, which measures the schedules of the providers and may run faster than real time. The `delayMs` of a
   * fault is in real time, since the time-outs of requests are in real time too.
   */
  readonly clock: StackClock;
  /** The part of each provider that receives mail, by provider key. Providers without such a part have no entry. */
  readonly receiving?: Readonly<Record<string, LocalReceiver>>;
  /**
   * The object that reports the delivery events of accepted mail, by provider key. Providers without delivery events have no
   * entry.
   */
  readonly reports?: Readonly<Record<string, { readonly report: Report }>>;
}

export interface Simulators {
  /** URL of each provider's simulator, by provider key. */
  readonly endpoints: Record<string, string>;
  /**
   * URL to which the health function connects for each provider, by provider key. An SMTP provider has a second port for health
   * checks, since the simulator cannot recognise a health check in an SMTP session.
   */
  readonly healthEndpoints: Record<string, string>;
  readonly accepted: AcceptedLog;
  /** Empties the log of accepted mail and the providers' own suppression lists. */
  clear(): void;
  close(): Promise<void>;
}

/** Starts one simulator for each provider, on 127.0.0.1. If one simulator cannot be started, stops all simulators and rejects. */
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
      // Over HTTP the path shows whether a request is a health check or sends mail, so both kinds of request use the same port.
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
  const provider = { options: given, secret: options.secrets[key] ?? {}, clock, report };
  const simulated = simulatedType(type);
  if (simulated.protocol === 'smtp') return simulated.serve({ ...provider, key, tls, faults, log, occasion });
  const behaviour = simulated.play(provider);
  behaviours.push(behaviour);
  const receiving = options.receiving?.[key];
  return httpSimulator(key, receiving ? withReceiving(behaviour, receiving) : behaviour, faults, log, own);
}
