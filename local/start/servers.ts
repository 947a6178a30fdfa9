import { clearStack } from '../api/clear.ts';
import { infoOf, queueCounts } from '../api/live.ts';
import { startApi } from '../api/server.ts';
import { suppressionFunction } from '../api/suppressions.ts';
import { type AwsServer, startAws } from '../aws/server.ts';
import { receiveAsSes } from '../aws/ses-rules.ts';
import { startHttpApi } from '../http-api/server.ts';
import { PORTS } from '../network/ports.ts';
import type { Start } from './start.ts';

/** The servers of the local stack that are started before the app is synthesised. */
export interface Servers {
  readonly aws: AwsServer;
  /** URL of the deployment's HTTP API. */
  readonly httpUrl: string;
  /** URL of the console page and of the local stack's own API. */
  readonly apiUrl: string;
}

/**
 * Starts the servers of the local stack's own API, of SQS, S3 and Secrets Manager, and of the HTTP API. Rejects if a port is in
 * use.
 */
export async function startServers({ base, own, clock, faults, monitoring, live, closers }: Start): Promise<Servers> {
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
  const aws = await startAws({ port: base + PORTS.aws, clock, faults, own });
  live.aws = aws;
  closers.push(aws.close);
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
  return { aws, httpUrl: http.url, apiUrl: api.url };
}
