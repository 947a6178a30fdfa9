import type { Server } from 'node:net';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { StackClock } from '../clock.ts';
import { closesPort, type FaultBoard } from '../faults/faults.ts';
import type { OwnHosts } from '../http-api/own-hosts.ts';
import { AcceptedLog, type Taking } from './accepted-log.ts';
import { type HttpBehaviour, httpSimulator } from './http-simulator.ts';
import { type ReceivingAccess, withReceiving } from './inbound/behaviour.ts';
import { mailgunBehaviour } from './mailgun/simulator.ts';
import { Port } from './port.ts';
import { postmarkBehaviour } from './postmark/simulator.ts';
import { sendgridBehaviour } from './sendgrid/simulator.ts';
import { sesBehaviour } from './ses/simulator.ts';
import { smtpSimulator } from './smtp/simulator.ts';

/** Options of a stack's simulators. */
export interface SimulatorOptions {
  readonly providers: readonly ProviderConfig[];
  /** Port of the first provider, the others follow; 0 takes free ports. */
  readonly basePort: number;
  /** The secret of each provider, by key: the credentials that a simulator requires. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly tls: { readonly key: string; readonly cert: string };
  readonly faults: FaultBoard;
  readonly own: OwnHosts;
  /**
   * Delivers accepted mail.
   * @default - accepted mail is only logged
   */
  readonly deliver?: (taking: Taking) => Promise<void>;
  /** Time scale of the providers' schedules; a fault's `delayMs` is in real time, as deadlines are. */
  readonly clock: StackClock;
  /** The receiving half of the providers that have one, by key. */
  readonly receiving?: Readonly<Record<string, ReceivingAccess>>;
}

/** Running simulators. */
export interface Simulators {
  /** URLs by provider key. */
  readonly endpoints: Record<string, string>;
  /** URLs for the health function, by provider key; an SMTP simulator recognises a health check only by its port. */
  readonly healthEndpoints: Record<string, string>;
  readonly accepted: AcceptedLog;
  close(): Promise<void>;
}

/** Starts one simulator per provider, on 127.0.0.1; stops all of them if one cannot start. */
export async function startSimulators(options: SimulatorOptions): Promise<Simulators> {
  const { providers, basePort, faults } = options;
  const accepted = new AcceptedLog(options.deliver);
  const endpoints: Record<string, string> = {};
  const healthEndpoints: Record<string, string> = {};
  const ports: Port[] = [];
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
      const scheme = type === 'smtp' ? 'smtp' : 'http';
      const number = basePort === 0 ? 0 : basePort + index;
      endpoints[key] = `${scheme}://${await open(serverOf(config, options, accepted, 'send'), number, key)}`;
      healthEndpoints[key] =
        type === 'smtp'
          ? `smtp://${await open(serverOf(config, options, accepted, 'health'), 0, key, 'health')}`
          : endpoints[key];
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { endpoints, healthEndpoints, accepted, close };
}

function serverOf(
  config: ProviderConfig,
  options: SimulatorOptions,
  log: AcceptedLog,
  occasion: 'send' | 'health',
): Server {
  const { key } = config;
  const { faults, tls } = options;
  const secret = options.secrets[key] ?? {};
  if (config.type === 'smtp')
    return smtpSimulator({ key, options: config.options, secret, tls, faults, log, occasion });
  const behaviour = behaviourOf(config, secret, options.clock);
  const receiving = options.receiving?.[key];
  return httpSimulator(key, receiving ? withReceiving(behaviour, receiving) : behaviour, faults, log, options.own);
}

function behaviourOf(
  config: Exclude<ProviderConfig, { readonly type: 'smtp' }>,
  secret: Readonly<Record<string, string>>,
  clock: StackClock,
): HttpBehaviour {
  switch (config.type) {
    case 'ses':
      return sesBehaviour(config.options);
    case 'mailgun':
      return mailgunBehaviour(config.options, secret, clock);
    case 'postmark':
      return postmarkBehaviour(config.options, secret, clock);
    case 'sendgrid':
      return sendgridBehaviour(secret);
  }
}
