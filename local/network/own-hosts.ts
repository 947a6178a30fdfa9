import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * Returns whether the local stack answers requests with this host name: a loopback name, or a name that `MAILOVER_HOSTS`
 * declares. The name must be in lower case and without a port.
 */
export type OwnHosts = (name: string) => boolean;

const LOOPBACK = /^(127\.0\.0\.1|\[::1\]|([a-z0-9_-]+\.)*localhost\.?)$/;
const HOST = /^([a-z0-9._-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/;

/** Returns a function that decides to which host names the local stack answers: loopback names, and the names in `declared`. */
export function ownHosts(declared: readonly string[] = []): OwnHosts {
  const names = new Set(declared);
  return (name) => LOOPBACK.test(name) || names.has(name);
}

/**
 * Parses the environment variable `MAILOVER_HOSTS`: host names that are separated by commas or white space, such as
 * `mail.devbox.example, abc.tunnel.example`.
 *
 * @throws Error whose text contains the first entry that is not a host name
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
 * Refuses requests from web pages of other sites with 403, before the body of the request is read. Such a request has one of
 * three signs. If the page's host name resolves to this machine, the browser sends this foreign name in the header `Host`. If the
 * page posts to this machine, the browser sends the address of the page's site in the header `Origin`. If the page embeds a
 * resource of this machine, the browser sends `Sec-Fetch-Site: cross-site`.
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

/**
 * Returns the error text of the answer if the request may come from a web page of another site. Returns undefined for requests of
 * programs and pages on this machine.
 */
function whyForeign({ headers, rawHeaders, url = '' }: IncomingMessage, own: OwnHosts): string | undefined {
  const hosts = rawHeaders.filter((name, place) => place % 2 === 0 && name.toLowerCase() === 'host').length;
  // A request to a proxy also contains the host in its request line, in addition to the header `Host`.
  const isOwn =
    hosts === 1 && isOwnHost(headers.host, own) && (url.startsWith('/') || url === '*' || isOwnUrl(url, own));
  if (!isOwn)
    return 'This server answers under 127.0.0.1, localhost or [::1]; set MAILOVER_HOSTS for other names before the stack starts.';
  if (headers.origin !== undefined && !isOwnUrl(headers.origin, own))
    return 'This server answers no requests from pages of other hosts; set MAILOVER_HOSTS for your own hosts before the stack starts.';
  return isEmbedded(headers) ? 'This server answers no requests that a page of another site embeds.' : undefined;
}

function isOwnHost(host: string | undefined, own: OwnHosts): boolean {
  const name = HOST.exec(host?.toLowerCase() ?? '')?.[1];
  return name !== undefined && own(name);
}

function isOwnUrl(text: string, own: OwnHosts): boolean {
  const [, host] = /^https?:\/\/([^/?#\\@]*)(?:$|[/?#])/i.exec(text) ?? [];
  return isOwnHost(host, own);
}

/**
 * Whether a page of another site loads the resource as an image, script or frame. Browsers send no `Origin` with such a request.
 * A request is allowed if the user has followed a link on another site.
 */
function isEmbedded({ 'sec-fetch-site': site, 'sec-fetch-dest': destination }: IncomingHttpHeaders): boolean {
  return site === 'cross-site' && destination !== 'document';
}

function refuse(request: IncomingMessage, response: ServerResponse, problem: string): void {
  const body = JSON.stringify({ error: problem });
  // The rest of the request is read and ignored. Otherwise the client could not read the answer.
  request.resume();
  response.writeHead(403, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
