import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';

/** Whether a host name, in lower case and without port, is loopback or declared in `MAILOVER_HOSTS`. */
export type OwnHosts = (name: string) => boolean;

const LOOPBACK = /^(127\.0\.0\.1|\[::1\]|([a-z0-9_-]+\.)*localhost\.?)$/;
const HOST = /^([a-z0-9._-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/;

/** Host names that the local stack answers to: loopback, and the `declared` ones. */
export function ownHosts(declared: readonly string[] = []): OwnHosts {
  const names = new Set(declared);
  return (name) => LOOPBACK.test(name) || names.has(name);
}

/**
 * Reads `MAILOVER_HOSTS`: host names between commas or white space, such as `mail.devbox.example, abc.tunnel.example`.
 *
 * @throws Error that names the entry which is no host name
 */
export function declaredHosts(text = ''): readonly string[] {
  const names = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  const wrong = names.find((name) => HOST.exec(name)?.[1] !== name);
  if (wrong === undefined) return names;
  throw new Error(
    `MAILOVER_HOSTS has ${JSON.stringify(wrong)}, which is not a host name: give names without scheme, port or wildcard, such as mail.devbox.example.`,
  );
}

/**
 * Protects a server from pages of other sites: a page whose host name resolves to this machine
 * sends its own Host, and a page that posts from another site its own Origin. Both are refused before the body is read.
 */
export function refuseForeign<T extends Server>(server: T, own: OwnHosts): T {
  const handlers = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const problem = whyForeign(request, own);
    if (problem !== undefined) return refuse(request, response, problem);
    for (const handler of handlers) handler.call(server, request, response);
  });
  return server;
}

/** Why a request may come from another site's page; undefined for this machine's programs and pages. */
function whyForeign({ headers, rawHeaders, url = '' }: IncomingMessage, own: OwnHosts): string | undefined {
  const hosts = rawHeaders.filter((name, place) => place % 2 === 0 && name.toLowerCase() === 'host').length;
  // The request line of a proxied request repeats the host.
  const isOwn =
    hosts === 1 && isOwnHost(headers.host, own) && (url.startsWith('/') || url === '*' || isOwnUrl(url, own));
  if (!isOwn)
    return 'This server answers under 127.0.0.1, localhost or [::1]; set MAILOVER_HOSTS for other names before the stack starts.';
  if (headers.origin !== undefined && !isOwnUrl(headers.origin, own))
    return 'This server answers no requests from pages of other hosts; set MAILOVER_HOSTS for its own before the stack starts.';
  return isEmbedded(headers) ? 'This server answers no requests that the page of another site embeds.' : undefined;
}

function isOwnHost(host: string | undefined, own: OwnHosts): boolean {
  const name = HOST.exec(host?.toLowerCase() ?? '')?.[1];
  return name !== undefined && own(name);
}

function isOwnUrl(text: string, own: OwnHosts): boolean {
  const [, host] = /^https?:\/\/([^/?#\\@]*)(?:$|[/?#])/i.exec(text) ?? [];
  return isOwnHost(host, own);
}

/** Whether another site's page embeds the request as an image, script or frame, which send no Origin; a followed link is allowed. */
function isEmbedded({ 'sec-fetch-site': site, 'sec-fetch-dest': destination }: IncomingHttpHeaders): boolean {
  return site === 'cross-site' && destination !== 'document';
}

function refuse(request: IncomingMessage, response: ServerResponse, problem: string): void {
  const body = JSON.stringify({ error: problem });
  // The rest of the request is read and dropped, so that the client can read the answer.
  request.resume();
  response.writeHead(403, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
