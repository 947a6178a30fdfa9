import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { IDLE_MS } from '../platform/keep-alive-sockets.ts';

/** The part of a request that provider code and SDKs give to `fetch`. */
interface WireRequest {
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** The part of a `Response` that provider code and SDKs read. */
interface WireAnswer {
  readonly status: number;
  text(): Promise<string>;
}

/**
 * The part of `fetch` that provider code and SDKs use, implemented with `node:http` so that `watchWire` can record the calls.
 * Node's own `fetch` would be slower: its classes are loaded at their first use, and it creates a stream for each answer.
 */
interface WireFetch {
  fetch(url: string | URL, request?: WireRequest): Promise<WireAnswer>;
  close(): void;
}

/** Creates a `fetch` with keep-alive connections. */
export function createWireFetch(): WireFetch {
  const plain = new HttpAgent({ keepAlive: true, timeout: IDLE_MS });
  const secure = new HttpsAgent({ keepAlive: true, timeout: IDLE_MS });
  return {
    fetch(given, { method = 'GET', headers = {}, body = '' } = {}) {
      const url = new URL(given);
      const [send, agent] = url.protocol === 'http:' ? [httpRequest, plain] : [httpsRequest, secure];
      const options = { method, headers: { ...headers, 'content-length': Buffer.byteLength(body) }, agent };
      return new Promise((resolve, reject) => {
        const sent = send(url, options);
        sent.once('error', reject);
        sent.once('response', (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.once('error', reject);
          answer.once('end', () => {
            const { statusCode: status = 0 } = answer;
            resolve({ status, text: async () => new TextDecoder().decode(Buffer.concat(chunks)) });
          });
        });
        // The body is a string: Node writes a string together with the headers, but a Buffer in a separate write after the
        // headers.
        sent.end(body);
      });
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}
