import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { IDLE_MS } from '../platform/kept-sockets.ts';

/** The part of a request that provider code and SDKs give to `fetch`. */
interface WireRequest {
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** The part of a `Response` that they read. */
interface WireAnswer {
  readonly status: number;
  text(): Promise<string>;
}

/**
 * The part of `fetch` that provider code and SDKs use, on top of `node:http` so that the wire can be watched. The classes of
 * `fetch` are left out: Node loads them at their first use, and each answer would get a stream.
 */
interface WireFetch {
  fetch(url: string | URL, request?: WireRequest): Promise<WireAnswer>;
  close(): void;
}

/** Makes a `fetch` whose connections stay open between calls. */
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
        // Node writes a text together with the headers, and bytes after them.
        sent.end(body);
      });
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}
