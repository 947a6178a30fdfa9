import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { defined } from '../../lambda/platform/defined.ts';
import type { BusEvent } from '../aws/event-bus.ts';
import { AWS_SCOPE, type Fault, type FaultBoard, InvalidFault, parseFaults } from '../faults/faults.ts';
import { type OwnHosts, refuseForeign } from '../network/own-hosts.ts';
import type { AcceptedLog } from '../simulators/accepted-log.ts';
import { addCircuits } from './circuits.ts';
import { addConsoleApi } from './console.ts';
import { addConsoleFiles } from './console-files.ts';
import type { Drawing } from './console-state.ts';
import { ApiError, limitOf, parseBody } from './error.ts';
import { addInbound, type InboundSources } from './inbound.ts';
import { addMonitoring, type MonitoringSources } from './monitoring.ts';
import type { QueueCount, StackInfo } from './stack-info.ts';
import { addSubmissions, type SubmissionSources } from './submissions.ts';
import { addSuppressions, type SuppressionSources } from './suppressions.ts';

/** Sources of the data that the API returns. While the stack starts, the sources may be empty. */
export interface ApiSources extends InboundSources, MonitoringSources, SubmissionSources, SuppressionSources {
  readonly faults: FaultBoard;
  info(): StackInfo;
  queueCounts(): readonly QueueCount[];
  accepted(): AcceptedLog | undefined;
  /** Returns the parsed dashboards and alarms of the template; undefined before the app has been synthesised. */
  drawing(): Drawing | undefined;
  /** Returns the events that the EventBridge pipes of the template have put on event buses. */
  busEvents(): readonly BusEvent[];
  /** Replaces the sender's processes by new processes, which have no results of earlier attempts in memory. */
  forget(): Promise<void>;
  /** Resets the stack to its state after the start. */
  clear(): Promise<void>;
}

/** Serves the console page and the local stack's own API on 127.0.0.1. Rejects if the port is in use. */
export async function startApi(
  options: ApiSources & { readonly port: number; readonly own: OwnHosts },
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const app = Fastify({ forceCloseConnections: true });
  app.removeAllContentTypeParsers();
  // A request body is parsed as JSON, whatever its Content-Type is, since curl declares the Content-Type of a form by default.
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, _request, reply) => {
    const status = error instanceof InvalidFault ? 400 : statusOf(error);
    return reply.code(status).send({ error: error instanceof Error ? error.message : String(error) });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({
      error: `There is no ${request.method} ${request.url.split('?')[0]} here; docs/architecture.md lists the requests of this API.`,
    }),
  );
  addState(app, options);
  addSubmissions(app, options);
  addSuppressions(app, options);
  addCircuits(app, {
    state: options.state,
    providers: () => options.info().providers.map(({ key }) => key),
    forget: options.forget,
  });
  addFaults(app, options);
  addInbound(app, options);
  addMonitoring(app, options);
  addConsoleApi(app, options);
  addConsoleFiles(app);
  refuseForeign(app.server, options.own);
  await app.listen({ port: options.port, host: '127.0.0.1' });
  return { url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`, close: () => app.close() };
}

function addState(app: FastifyInstance, { info, queueCounts, accepted, clear, busEvents }: ApiSources): void {
  app.get('/api/stack', async () => info());
  app.delete('/api/state', async (_request, reply) => {
    if (!info().ready)
      throw new ApiError(503, 'The stack is still starting: wait until GET /api/stack answers with "ready": true.');
    await clear();
    return reply.code(204).send();
  });
  app.get('/api/queues', async () => queueCounts());
  app.get('/api/event-bus', async () => busEvents());
  app.get<{ Querystring: Record<string, string | undefined> }>('/api/accepted', async ({ query }) => {
    const { provider, id, raw, limit } = query as { provider?: string; id?: string; raw?: string; limit?: string };
    if (provider !== undefined) requireProvider(provider, info());
    const entries = await accepted()?.list({
      ...defined({ provider, id }),
      raw: raw !== 'false',
    });
    return entries?.slice(-limitOf(limit, entries.length, 999_999_999)) ?? [];
  });
  app.delete('/api/accepted', async (_request, reply) => {
    accepted()?.clear();
    return reply.code(204).send();
  });
}

function addFaults(app: FastifyInstance, { faults, info }: ApiSources): void {
  // Scopes (AWS, or a provider) whose fault was set as a single object and not as a list. For such a scope the API also returns
  // the fault as a single object.
  const single = new Set<string>();
  const read = (scope: string): unknown => {
    const list = faults.get(scope);
    return single.has(scope) && list.length > 0 ? list[0] : list;
  };
  const write = async (scope: string, body: unknown): Promise<unknown> => {
    const input = parseBody(body);
    const list: Fault[] = parseFaults(input);
    await faults.set(scope, list);
    if (Array.isArray(input)) single.delete(scope);
    else single.add(scope);
    return read(scope);
  };
  const clear = async (scope: string): Promise<void> => {
    await faults.clear(scope);
    single.delete(scope);
  };
  const path = '/api/providers/:key/fault';
  interface ByKey {
    Params: { key: string };
  }
  app.get<ByKey>(path, async ({ params }) => read(requireProvider(params.key, info())));
  app.put<ByKey>(path, async ({ params, body }) => write(requireProvider(params.key, info()), body));
  app.delete<ByKey>(path, async ({ params }, reply) => {
    await clear(requireProvider(params.key, info()));
    return reply.code(204).send();
  });
  app.get('/api/aws/fault', async () => read(AWS_SCOPE));
  app.put('/api/aws/fault', async ({ body }) => write(AWS_SCOPE, body));
  app.delete('/api/aws/fault', async (_request, reply) => {
    await clear(AWS_SCOPE);
    return reply.code(204).send();
  });
}

/**
 * Returns the key if a provider has this key. @throws {ApiError} 404 if neither a sending nor a receiving provider has the key
 */
function requireProvider(key: string, { providers, inbound }: StackInfo): string {
  const keys = new Set([...providers.map((provider) => provider.key), ...Object.keys(inbound)]);
  if (keys.has(key)) return key;
  const known = [...keys].join(', ');
  throw new ApiError(
    404,
    `There is no provider ${JSON.stringify(key)}. Known: ${known || 'none yet, the stack is starting'}.`,
  );
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : 500;
}
