import type { IncomingMessage, ServerResponse } from 'node:http';
import dynalite from 'dynalite';
import { dynamoListTable, type ListTable } from '../../lambda/platform/list-table.ts';
import { dynamoTable, type Table } from '../../lambda/platform/table.ts';
import { AWS_SCOPE, type FaultBoard } from '../faults/faults.ts';
import { forget, KeptConnections } from '../faults/kept-connections.ts';
import { listenOn } from '../network/listen.ts';
import { type OwnHosts, refuseForeign } from '../network/own-hosts.ts';
import type { DeployedTable } from '../template/deployed.ts';
import { REGION } from '../template/names.ts';
import { errorAnswer } from './error-answer.ts';
import { awsCall } from './operation.ts';

/** User agent of the requests that the local stack itself sends. Simulated faults do not apply to these requests. */
export const LOCAL_AGENT = 'mailover-local-stack';

/** Returns a client of a table on the local DynamoDB server at `url`. Simulated faults do not apply to this client. */
export function tableOf(url: string, name: string): Table {
  return dynamoTable(name, asStack(url));
}

/**
 * Returns a client of the table with lists on the local DynamoDB server at `url`. Simulated faults do not apply to this client.
 */
export function listsOf(url: string, name: string): ListTable {
  return dynamoListTable(name, asStack(url));
}

function asStack(endpoint: string) {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return { endpoint, region: REGION, credentials, userAgent: LOCAL_AGENT };
}

/** Starts a local DynamoDB server that stores the given tables in memory. Rejects if the port is in use. */
export async function startDynamodb(options: {
  readonly port: number;
  readonly tables: readonly DeployedTable[];
  readonly faults: FaultBoard;
  readonly own: OwnHosts;
}): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 });
  const handlers = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners('request');
  const requests = new Requests();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!requests.register(response)) return;
    // The server would answer a request with an Origin header with `Access-Control-Allow-Origin: *`. Every web page could then
    // read the answer.
    delete request.headers.origin;
    const handle = (): void => {
      for (const handler of handlers) handler.call(server, request, response);
    };
    const call = awsCall({ method: request.method ?? '', url: request.url ?? '/', headers: request.headers });
    const own = request.headers['user-agent']?.includes(LOCAL_AGENT);
    const probe = call && { ...call, kept: kept.has(request.socket) };
    const fault = probe && !own ? options.faults.match(AWS_SCOPE, probe) : undefined;
    if (fault?.network === 'forget') return void forget(request.socket, fault);
    const answer = call && fault?.error ? errorAnswer(call, fault.error, 'a fault of the local stack') : undefined;
    const go = (): unknown => (answer ? response.writeHead(answer.status, answer.headers).end(answer.body) : handle());
    if (fault?.delayMs) setTimeout(go, fault.delayMs);
    else go();
  });
  const kept = new KeptConnections(AWS_SCOPE, options.faults, server);
  refuseForeign(server, options.own);
  await listenOn(server, options.port);
  const url = `http://127.0.0.1:${options.port}`;
  for (const table of options.tables) await createTable(url, table);
  return {
    url,
    async close() {
      await requests.end();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/**
 * Requests that the server has not answered yet. After a function was killed, the server still processes the requests of this
 * function. If the server's store were closed before these requests are answered, the server would throw.
 */
class Requests {
  readonly #open = new Set<ServerResponse>();
  #ending: (() => void) | undefined;

  /** Registers a request until it is answered. If the server is closing, destroys the response and returns false. */
  register(response: ServerResponse): boolean {
    if (this.#ending) {
      response.destroy();
      return false;
    }
    this.#open.add(response);
    const answer = response.end.bind(response);
    response.end = ((...chunks: Parameters<typeof answer>) => {
      this.#open.delete(response);
      if (this.#open.size === 0) this.#ending?.();
      return answer(...chunks);
    }) as typeof response.end;
    return true;
  }

  /** Refuses further requests. Resolves when all registered requests are answered, and after two seconds at the latest. */
  async end(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ending = resolve;
    if (this.#open.size === 0) return;
    const timer = setTimeout(resolve, 2_000);
    await promise;
    clearTimeout(timer);
  }
}

async function createTable(url: string, table: DeployedTable): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.CreateTable',
      'x-amz-date': '20261123T000000Z',
      // The server requires a signature in the request, but does not check the signature.
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20261123/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
    },
    body: JSON.stringify(table),
  });
  if (!response.ok) throw new Error(`table ${table.TableName} could not be made: ${await response.text()}`);
}
