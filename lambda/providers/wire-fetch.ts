import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { IDLE_MS } from '../platform/kept-sockets.ts';

/** The part of `fetch` that provider code and SDKs use, on top of `node:http` so that the wire can be watched. */
interface WireFetch {
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  close(): void;
}

/** Makes a `fetch` whose connections stay open between calls. */
export function createWireFetch(): WireFetch {
  const plain = new HttpAgent({ keepAlive: true, timeout: IDLE_MS });
  const secure = new HttpsAgent({ keepAlive: true, timeout: IDLE_MS });
  return {
    fetch(input, init = {}) {
      const url = new URL(input instanceof Request ? input.url : input);
      const body = Buffer.from(typeof init.body === 'string' ? init.body : '');
      const headers = { ...Object.fromEntries(new Headers(init.headers)), 'content-length': body.length };
      const options = { method: init.method ?? 'GET', headers };
      return new Promise<Response>((resolve, reject) => {
        const sent =
          url.protocol === 'http:'
            ? httpRequest(url, { ...options, agent: plain })
            : httpsRequest(url, { ...options, agent: secure });
        sent.once('error', reject);
        sent.once('response', (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.once('error', reject);
          answer.once('end', () => {
            const status = answer.statusCode ?? 0;
            try {
              // A Response with status 204 or 304 may not have a body.
              const content = status === 204 || status === 304 ? null : Buffer.concat(chunks);
              resolve(new Response(content, { status }));
            } catch (error) {
              reject(error);
            }
          });
        });
        sent.end(body);
      });
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}
