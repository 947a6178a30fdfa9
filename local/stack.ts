import { rm } from 'node:fs/promises';
import { defined } from '../lambda/platform/defined.ts';
import { infoOf, type Live } from './api/live.ts';
import type { StackInfo } from './api/stack-info.ts';
import { LocalEventBuses } from './aws/event-bus.ts';
import { StackClock } from './clock.ts';
import { LocalCloudWatch } from './cloudwatch/monitoring.ts';
import { Overload } from './cloudwatch/overload.ts';
import { FaultBoard } from './faults/faults.ts';
import { ownHosts } from './network/own-hosts.ts';
import { checkPorts, pickBasePort } from './network/ports.ts';
import { startDeployment } from './start/deployment.ts';
import { startFunctions } from './start/functions.ts';
import { startProviders } from './start/providers.ts';
import { startServers } from './start/servers.ts';
import type { Start } from './start/start.ts';
import { startTables } from './start/tables.ts';
import { makeWorkDirectory } from './template/work-directory.ts';

export interface StackOptions {
  /**
   * Base port of the servers. With 0 the stack chooses a free range of ports.
   * @default 4700
   */
  readonly port?: number;
  /**
   * How many times as fast as real time the clock of the local stack runs. This clock measures delays, visibility time-outs and
   * the times of circuit breakers.
   * @default 1
   */
  readonly timeScale?: number;
  /** Called with true when this machine becomes overloaded, and with false when the overload has ended. */
  readonly onOverload?: (overloaded: boolean) => void;
  /**
   * File for the functions' output. An existing file is overwritten.
   * @default - a file in the work directory of the stack, which is deleted when the stack is closed
   */
  readonly logFile?: string;
  /**
   * Host names in addition to loopback under which the servers of the stack answer, such as the host name of a proxy or tunnel.
   * @default - none
   */
  readonly hosts?: readonly string[];
  /**
   * Path of the CDK app that the stack runs, relative to the root of the repository.
   * @default - bin/mailover.ts
   */
  readonly app?: string;
  /** Called at the start of each step of the stack's start, with a text for the user. */
  readonly onProgress?: (step: string) => void;
  /** Called with each line that a function prints. */
  readonly onOutput?: (text: string) => void;
  /** Aborting this signal cancels the start. `startStack` then rejects. */
  readonly signal?: AbortSignal;
}

/** A running local stack. */
export interface Stack {
  /** URL of the console page and of the local stack's own API. */
  readonly url: string;
  /** The data that `GET /api/stack` returns now. */
  readonly info: StackInfo;
  close(): Promise<void>;
}

/**
 * Synthesises the CDK app and runs it on this machine. Resolves when the stack is ready to send mail. If the start fails, closes
 * all parts of the stack and rejects.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { url, live } = await start(options, closers);
    return {
      url,
      get info() {
        return infoOf(live);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(options: StackOptions, closers: Start['closers']): Promise<{ url: string; live: Live }> {
  const { port = 4700, timeScale = 1, onProgress = () => {}, onOutput = () => {} } = options;
  const base = port === 0 ? await pickBasePort() : port;
  checkPorts(base);
  const clock = new StackClock(timeScale);
  const overload = new Overload(options.onOverload);
  const endWatch = overload.watch();
  closers.push(async () => endWatch());
  const directory = await makeWorkDirectory();
  closers.push(() => rm(directory, { recursive: true, force: true }));
  const live: Live = { ready: false, buses: new LocalEventBuses() };
  const monitoring = new LocalCloudWatch(clock, overload);
  const shared: Start = {
    base,
    own: ownHosts(options.hosts),
    clock,
    faults: new FaultBoard(),
    monitoring,
    live,
    closers,
    directory,
    app: options.app,
    logFile: options.logFile,
    signal: options.signal ?? new AbortController().signal,
    onOutput,
  };

  onProgress('opening ports');
  const servers = await startServers(shared);
  onProgress('synthesising the app');
  const deployment = await startDeployment(shared, servers);
  onProgress('starting the simulators');
  const { simulators, certificateFile } = await startProviders(shared, servers, deployment);
  const dynamodbUrl = await startTables(shared, servers.aws, deployment);
  onProgress('starting the functions');
  const { endpoints, healthEndpoints } = simulators;
  const addresses = { awsUrl: servers.aws.url, endpoints, healthEndpoints, certificateFile, clock };
  await startFunctions(shared, servers.aws, deployment, { ...addresses, ...defined({ dynamodbUrl }) });
  const endMonitoring = monitoring.start(deployment.alarms, servers.aws.queues);
  closers.push(async () => endMonitoring());
  live.ready = true;
  return { url: servers.apiUrl, live };
}
