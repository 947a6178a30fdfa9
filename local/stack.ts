import { createWriteStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventsEnvironment } from '../lambda/contract/events-environment.ts';
import { inboundEnvironment } from '../lambda/contract/inbound-environment.ts';
import { defined } from '../lambda/platform/defined.ts';
import { definitionOf } from '../lambda/providers/registry.ts';
import { rescaleCircuits } from './api/circuits.ts';
import { clearStack } from './api/clear.ts';
import { drawingOf } from './api/console-state.ts';
import { deliveriesIn } from './api/deliveries.ts';
import { infoOf, type Live, queueCounts, submissionLogOf } from './api/live.ts';
import { ReceivedLog } from './api/received-log.ts';
import { startApi } from './api/server.ts';
import type { StackInfo } from './api/stack-info.ts';
import { suppressionFunction } from './api/suppressions.ts';
import { startDynamodb, tableOf } from './aws/dynamodb.ts';
import { LocalEventBuses, runPipe } from './aws/event-bus.ts';
import { LocalQueue } from './aws/queue.ts';
import { makeSecret } from './aws/secrets.ts';
import { startAws } from './aws/server.ts';
import { publishAsSes, receiveAsSes } from './aws/ses-rules.ts';
import { StackClock } from './clock.ts';
import { LocalCloudWatch } from './cloudwatch/monitoring.ts';
import { Overload } from './cloudwatch/overload.ts';
import { closesPort, FaultBoard } from './faults/faults.ts';
import { startHttpApi } from './http-api/server.ts';
import { functionEnvironment } from './lambda/function-environment.ts';
import { runFunctions } from './lambda/running-functions.ts';
import { runSchedules } from './lambda/schedule.ts';
import { ownHosts } from './network/own-hosts.ts';
import { checkPorts, PORTS, pickBasePort } from './network/ports.ts';
import { accountsOf } from './simulators/accounts.ts';
import { domainsOf } from './simulators/domains.ts';
import { mailExchange, zonesOf } from './simulators/inbound/mail-exchange.ts';
import { startSimulators, tlsHosts } from './simulators/main.ts';
import { makeCertificate } from './simulators/smtp/certificate.ts';
import { startReceiving } from './simulators/start-receiving.ts';
import { readAssembly } from './template/assembly.ts';
import { deploy } from './template/deployment.ts';
import { findFunction, senderOf } from './template/find-function.ts';
import { synthesiseApp } from './template/synthesise.ts';
import { makeWorkDirectory } from './template/work-directory.ts';

export interface StackOptions {
  /**
   * Base port of the servers; 0 chooses a free range of ports.
   * @default 4700
   */
  readonly port?: number;
  /**
   * Factor by which stack time (delays, visibility time-outs, circuits) is faster than real time.
   * @default 1
   */
  readonly timeScale?: number;
  /** Called when this machine becomes overloaded, and when the overload ends. */
  readonly onOverload?: (overloaded: boolean) => void;
  /**
   * File for the functions' output. An existing file is overwritten.
   * @default - a file that is deleted with the stack
   */
  readonly logFile?: string;
  /**
   * Host names, in addition to loopback, to which the servers of the stack answer, such as the host name of a proxy or tunnel.
   * @default - none
   */
  readonly hosts?: readonly string[];
  /**
   * The CDK app to run, from the root of the repository.
   * @default - bin/mailover.ts
   */
  readonly app?: string;
  /** Called with a text about each step of the start. */
  readonly onProgress?: (step: string) => void;
  /** Called with the functions' output. */
  readonly onOutput?: (text: string) => void;
  /** Aborting this signal cancels the start. */
  readonly signal?: AbortSignal;
}

/** A running local stack. */
export interface Stack {
  /** Address of the console and the API. */
  readonly url: string;
  /** The current answer to `GET /api/stack`. */
  readonly info: StackInfo;
  close(): Promise<void>;
}

/**
 * Synthesises the CDK app and runs it on this machine. Resolves when the stack is ready to send mail. Closes all parts of the stack
 * if the start fails.
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

async function start(options: StackOptions, closers: (() => Promise<unknown>)[]): Promise<{ url: string; live: Live }> {
  const { port = 4700, timeScale = 1, onProgress = () => {}, onOutput = () => {}, signal } = options;
  const base = port === 0 ? await pickBasePort() : port;
  checkPorts(base);
  const faults = new FaultBoard();
  const own = ownHosts(options.hosts);
  const live: Live = { ready: false, buses: new LocalEventBuses() };
  const clock = new StackClock(timeScale);
  const overload = new Overload(options.onOverload);
  const endWatch = overload.watch();
  closers.push(async () => endWatch());
  const monitoring = new LocalCloudWatch(clock, overload);

  onProgress('opening ports');
  const api = await startApi({
    port: base + PORTS.api,
    own,
    faults,
    info: () => infoOf(live),
    queueCounts: () => queueCounts(live),
    accepted: () => live.simulators?.accepted,
    state: () => live.state,
    submissions: () => live.submissions,
    deliveries: () => live.deliveries,
    suppression: () => suppressionFunction(live),
    forget: async () => {
      if (live.sender) await live.functions?.renew(live.sender.function.name);
    },
    clear: () => clearStack(live, faults, monitoring),
    receiving: () => live.receiving,
    received: () => live.received,
    ses: (mail) => (live.deployment && live.aws ? receiveAsSes(mail, live.deployment, live.aws) : undefined),
    drawing: () => live.drawing,
    busEvents: () => live.buses.events,
    clock,
    monitoring,
  });
  closers.push(() => api.close());
  live.aws = await startAws({ port: base + PORTS.aws, clock, faults, own });
  closers.push(live.aws.close);
  const { aws } = live;
  const http = await startHttpApi({
    port: base + PORTS.http,
    own,
    apis: () => live.deployment?.apis ?? [],
    invoke: (name, event) => live.functions?.invoke(name, event) ?? Promise.reject(new Error('still starting')),
    now: () => clock.now(),
    onAccess: (logGroup, line) => monitoring.takeLog(logGroup, line),
  });
  live.http = http;
  closers.push(http.close);

  const directory = await makeWorkDirectory();
  closers.push(() => rm(directory, { recursive: true, force: true }));
  onProgress('synthesising the app');
  const stacks = await readAssembly(
    await synthesiseApp(directory, signal ?? new AbortController().signal, options.app),
  );
  live.deployment = deploy(stacks, aws.url, http.url);
  const { deployment } = live;
  monitoring.filter(deployment.metricFilters);
  live.drawing = drawingOf(deployment);
  live.sender = senderOf(deployment);
  const accounts = accountsOf(deployment);
  const providers = accounts.map(({ config }) => config);

  checkPorts(base, providers.length);
  onProgress('starting the simulators');
  for (const { name, attributes } of deployment.queues) aws.queues.add(name, { ...attributes });
  for (const name of deployment.buckets) aws.buckets.createBucket(name);
  for (const { name, fields, generatedField } of deployment.secrets)
    aws.secrets.set(name, { ...fields, ...makeSecret(name, [generatedField]) });
  const secrets: Record<string, Record<string, string>> = {};
  for (const { config, secretName } of accounts) {
    const fields = definitionOf(config.type).secretFields;
    if (fields.length === 0) continue;
    const secret = makeSecret(config.key, fields);
    secrets[config.key] = secret;
    if (secretName !== undefined) aws.secrets.set(secretName, secret);
  }
  const inbound = findFunction(deployment, inboundEnvironment)?.environment;
  const inboundQueue = inbound && aws.queues.getQueue(inbound.inboundQueueUrl);
  if (inboundQueue instanceof LocalQueue) live.received = new ReceivedLog(inboundQueue, aws.buckets);
  live.submissions = submissionLogOf(live.sender, aws, clock);
  const mail = startReceiving({
    environment: inbound,
    events: findFunction(deployment, eventsEnvironment)?.environment,
    queueUrlOf: (arn) => aws.queues.getQueueByArn(arn)?.url ?? '',
    publish: (event) => publishAsSes(event, deployment, aws),
    providerSecrets: secrets,
    httpUrl: http.url,
    apiUrl: api.url,
    endpointOf: (key) => live.simulators?.endpoints[key] ?? '',
    clock,
  });
  live.receiving = mail;
  closers.push(mail.close);
  for (const { name, secret } of mail.secrets) aws.secrets.set(name, secret);
  const tls = await makeCertificate(tlsHosts(providers));
  const certificateFile = join(directory, 'certificate.pem');
  await writeFile(certificateFile, tls.cert);
  live.simulators = await startSimulators({
    providers,
    basePort: base + PORTS.simulators,
    secrets,
    tls,
    faults,
    own,
    clock,
    receiving: mail.access,
    reports: mail.reporters,
    deliver: mailExchange({
      zones: zonesOf(domainsOf(deployment)),
      isUp: (key) => !closesPort(faults.get(key)),
      async receive(key, { raw, from, to }) {
        if (mail.access[key]) return mail.access[key].receiving.take({ raw, from, to });
        return receiveAsSes({ raw, from: from ?? '', to: [to] }, deployment, aws);
      },
    }),
  });
  closers.push(live.simulators.close);
  if (deployment.tables.length > 0) {
    live.dynamodb = await startDynamodb({ port: base + PORTS.dynamodb, tables: deployment.tables, faults, own });
    closers.push(live.dynamodb.close);
    const state = tableOf(live.dynamodb.url, live.sender.environment.stateTable);
    live.state = state;
    live.deliveries = deliveriesIn(live.dynamodb.url, live.sender.environment, aws.secrets);
    let before = clock.scale;
    clock.onChange((scale) => {
      const keys = providers.map(({ key }) => key);
      void rescaleCircuits(state, keys, scale / before).catch(() => {});
      before = scale;
    });
  }

  onProgress('starting the functions');
  const log = createWriteStream(options.logFile ?? join(directory, 'functions.log'));
  closers.push(() => new Promise((resolve) => log.end(resolve)));
  const surroundings = {
    awsUrl: aws.url,
    endpoints: live.simulators.endpoints,
    healthEndpoints: live.simulators.healthEndpoints,
    certificateFile,
    clock,
    ...defined({ dynamodbUrl: live.dynamodb?.url }),
  };
  const started = runFunctions({
    deployment,
    queues: aws.queues,
    faults,
    clock,
    environmentOf: (target) => functionEnvironment(target, surroundings),
    listeners: {
      onOutput(text) {
        log.write(text);
        onOutput(text);
        monitoring.takeLine(text);
        live.submissions?.takeLine(text);
      },
      onInvocation: (facts) => monitoring.takeInvocation(facts),
      onThrottle: (name) => monitoring.takeThrottle(name),
    },
    onStarted(running) {
      live.functions = running;
      closers.push(running.close);
    },
  });
  await Promise.race([started, aborted(signal)]);
  const { functions } = live;
  if (functions) {
    const endSchedules = runSchedules({ schedules: deployment.schedules, clock, invoke: functions.invoke });
    closers.push(async () => endSchedules());
  }
  for (const pipe of deployment.pipes) {
    const queue = aws.queues.getQueueByArn(pipe.queueArn);
    if (queue instanceof LocalQueue) closers.push(runPipe(pipe, queue, aws.queues, live.buses));
  }
  const endMonitoring = monitoring.start(deployment.alarms, aws.queues);
  closers.push(async () => endMonitoring());
  live.ready = true;
  return { url: api.url, live };
}

/** Returns a promise that rejects when the start is cancelled and never resolves. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
