import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';

/** Whether a host name, in lower case and without port, is one of this machine or was declared by its owner. */
export type OwnHosts = (name: string) => boolean;

const LOOPBACK = /^(127\.0\.0\.1|\[::1\]|([a-z0-9_-]+\.)*localhost\.?)$/;
const HOST = /^([a-z0-9._-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/;

/** The hosts that the local stack answers under: loopback, and those that are `declared`. */
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
 * Keeps the pages of the web away from a server, whatever its answers allow: a page whose name was made to lead here
 * sends its own Host, and one that posts from elsewhere its own Origin. Both are refused before anything is read.
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

/** Why a request may be a foreign page's; undefined for one of this machine's own programs and pages. */
function whyForeign({ headers, rawHeaders, url = '' }: IncomingMessage, own: OwnHosts): string | undefined {
  const hosts = rawHeaders.filter((name, place) => place % 2 === 0 && name.toLowerCase() === 'host').length;
  // A proxy's request line names the host once more.
  const isOwn =
    hosts === 1 && isOwnHost(headers.host, own) && (url.startsWith('/') || url === '*' || isOwnUrl(url, own));
  if (!isOwn)
    return 'This server answers under 127.0.0.1, localhost or [::1]; other names have to stand in MAILOVER_HOSTS when the stack starts.';
  if (headers.origin !== undefined && !isOwnUrl(headers.origin, own))
    return 'This server answers no requests from the pages of other hosts; those in MAILOVER_HOSTS when the stack starts are its own.';
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

/** An image, a script or a frame of a foreign page sends no Origin; a link that is followed may lead to the console. */
function isEmbedded({ 'sec-fetch-site': site, 'sec-fetch-dest': destination }: IncomingHttpHeaders): boolean {
  return site === 'cross-site' && destination !== 'document';
}

function refuse(request: IncomingMessage, response: ServerResponse, problem: string): void {
  const body = JSON.stringify({ error: problem });
  // The rest of the request is read and forgotten, so that its sender is there to hear the answer.
  request.resume();
  response.writeHead(403, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
