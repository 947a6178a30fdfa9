import { gunzipSync } from 'node:zlib';
import { defined } from '../../../lambda/platform/defined.ts';
import type { MailgunOptions } from '../../../lambda/providers/mailgun/options.ts';
import type { StackClock } from '../../clock.ts';
import type { Taking } from '../accepted-log.ts';
import { basicAuthorization } from '../basic-authorization.ts';
import { SimulatedList } from '../events/provider-list.ts';
import type { Report } from '../events/reporter.ts';
import type { HttpBehaviour, SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';
import { addressesOf, hasDottedDomain, isAddress } from '../mailbox-list.ts';
import { headersOf, headerValues, searchableText } from '../mime-view.ts';
import { MailgunEvents } from './events.ts';
import { LISTS, listAnswer } from './suppressions.ts';
import { formTaking, mimeTaking } from './taking.ts';

const SEND = /^\/v3\/([^/]+)\/messages(\.mime)?$/;
const EVENTS = /^\/v3\/([^/]+)\/events(?:\/([\w-]+))?$/;
const DOMAIN = /^\/v[34]\/domains\/([^/]+)(\/sending_queues)?$/;
// Limits: Mailgun OpenAPI 3.0.0 and user manual, collected 2026-11-23.
const MAX_BYTES = 25 * 1024 * 1024;
const MAX_RECIPIENTS = 1_000;
const MAX_OPTION_BYTES = 16 * 1024;

/**
 * Simulates Mailgun's API for one domain: messages, messages.mime, events, suppression lists and the state of the domain. As at
 * Mailgun, every valid From address is accepted.
 */
export function mailgunBehaviour(
  options: MailgunOptions,
  secret: Readonly<Record<string, string>>,
  clock: StackClock,
  report: Report,
): HttpBehaviour {
  const list = new SimulatedList();
  const events = new MailgunEvents(options.domain, clock, list, report);
  const expected = basicAuthorization('api', secret['apiKey']);
  return {
    clear: () => list.clear(),
    occasionOf: (_method, path) => (SEND.test(path) ? 'send' : EVENTS.test(path) ? 'lookup' : 'health'),
    async textOf(request) {
      const form = await formOf(request);
      const fields = [...form].map(([name, value]) => (typeof value === 'string' ? `${name}: ${value}` : ''));
      const mime = await mimeOf(form);
      return [...fields, mime ? await searchableText(mime) : ''].join('\n');
    },
    async answer(request) {
      const { method, path } = request;
      if (method === 'GET' && path === '/') return { status: 200, body: 'Mailgun Magnificent API' };
      const send = SEND.exec(path);
      const asked = method === 'GET' ? EVENTS.exec(path) : null;
      const domain = method === 'GET' ? DOMAIN.exec(path) : null;
      const listed = LISTS.exec(path);
      if (!(send && method === 'POST') && !asked && !domain && !listed) return { status: 404, body: 'Not Found' };
      if (request.headers.authorization !== expected) return { status: 401, body: 'Forbidden' };
      const name = decodeURIComponent(send?.[1] ?? asked?.[1] ?? domain?.[1] ?? listed?.[1] ?? '').toLowerCase();
      if (name !== options.domain.toLowerCase()) return say(404, `Domain not found: ${name}`);
      if (domain) return { status: 200, body: domain[2] ? queues() : state(name) };
      if (listed) return listAnswer(request, list);
      if (asked) return events.answer(request, asked[2]);
      return await take(request, name, send?.[2] !== undefined, events);
    },
  };
}

async function take(
  request: SimulatorRequest,
  domain: string,
  asMime: boolean,
  events: MailgunEvents,
): Promise<SimulatorAnswer> {
  if (request.body.length > MAX_BYTES) return say(413, 'Request Entity Too Large');
  let form: FormData;
  try {
    form = await formOf(request);
  } catch {
    return say(400, 'The request body cannot be parsed as a form');
  }
  const mime = asMime ? await mimeOf(form) : undefined;
  const from = addressesOf(mime ? headerValues(headersOf(mime), 'From') : stringsOf(form, 'from'));
  const to = addressesOf(['to', 'cc', 'bcc'].flatMap((name) => stringsOf(form, name)));
  const wrong = defectOf(form, from, to, asMime, mime);
  if (wrong) return say(400, wrong);
  const envelope = { from: from[0] ?? '', to };
  const taking: Taking = {
    ...(mime ? mimeTaking(mime, envelope, domain) : await formTaking(form, request.body, envelope, domain)),
    ...trackingOf(form),
  };
  events.take({
    messageId: taking.providerMessageId.replace(/^<(.*)>$/, '$1'),
    from: envelope.from,
    to,
    subject: headerValues(taking.headers(), 'Subject')[0] ?? '',
    size: taking.raw.length,
    variables: Object.fromEntries(
      [...form].flatMap(([name, value]) =>
        name.startsWith('v:') && typeof value === 'string' ? [[name.slice(2), value]] : [],
      ),
    ),
    tags: stringsOf(form, 'o:tag'),
  });
  // With `o:testmode` Mailgun accepts and bills a mail but does not deliver it. Mailgun's answer is the same as without
  // `o:testmode`.
  return {
    status: 200,
    body: { id: taking.providerMessageId, message: 'Queued. Thank you.' },
    taken: [taking],
  };
}

function defectOf(
  form: FormData,
  from: readonly string[],
  to: readonly string[],
  asMime: boolean,
  mime: Buffer | undefined,
): string | undefined {
  if (asMime && !mime) return 'message parameter is missing';
  if (from.length === 0) return 'from parameter is missing';
  if (!from.every(isAddress)) return "'from' parameter is not a valid address. please check documentation";
  if (stringsOf(form, 'to').length === 0) return 'to parameter is missing';
  if (to.length === 0 || !to.every(isAddress) || !to.every(hasDottedDomain))
    return "'to' parameter is not a valid address. please check documentation";
  if (to.length > MAX_RECIPIENTS) return `Too many recipients: at most ${MAX_RECIPIENTS} in one call`;
  if (!asMime && !['text', 'html', 'amp-html', 'template'].some((name) => form.has(name)))
    return "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified";
  if (form.has('html') && form.has('template')) return "Only one parameters 'html' or 'template' is allowed";
  const tracking = ['o:tracking', 'o:tracking-opens', 'o:tracking-clicks'].find((name) =>
    stringsOf(form, name).some((value) => !TRACKING.test(value)),
  );
  if (tracking) return `${tracking} must be one of yes, no, true, false, htmlonly`;
  let size = 0;
  for (const [name, value] of form)
    if (/^[ohvt]:/.test(name) && typeof value === 'string') size += Buffer.byteLength(name) + Buffer.byteLength(value);
  if (size > MAX_OPTION_BYTES)
    return 'Send options (parameters starting with o:, h:, v: or t:) are limited to 16KB total';
  return undefined;
}

/**
 * Returns the settings for open and click tracking in a form. The options `o:tracking-opens` and `o:tracking-clicks` override
 * `o:tracking`, unless `o:tracking` is off (documentation.mailgun.com, 2026-11-28).
 */
function trackingOf(form: FormData): Pick<Taking, 'tracking'> {
  const optionOf = (name: string) => stringsOf(form, name).map((value) => value !== 'no' && value !== 'false')[0];
  const both = optionOf('o:tracking');
  const opens = both === false ? false : (optionOf('o:tracking-opens') ?? both);
  const clicks = both === false ? false : (optionOf('o:tracking-clicks') ?? both);
  const tracking = defined({ opens, clicks });
  return Object.keys(tracking).length > 0 ? { tracking } : {};
}

const TRACKING = /^(yes|no|true|false|htmlonly)$/;

async function formOf({ headers, body }: SimulatorRequest): Promise<FormData> {
  const bytes = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  return await new Response(new Uint8Array(bytes), {
    headers: { 'Content-Type': headers['content-type'] ?? 'application/x-www-form-urlencoded' },
  }).formData();
}

async function mimeOf(form: FormData): Promise<Buffer | undefined> {
  const part = form.get('message');
  if (part === null) return undefined;
  return typeof part === 'string' ? Buffer.from(part) : Buffer.from(await part.arrayBuffer());
}

function stringsOf(form: FormData, name: string): string[] {
  return form.getAll(name).filter((value) => typeof value === 'string');
}

function state(name: string) {
  return {
    domain: { name, state: 'active', is_disabled: false, type: 'custom', wildcard: false, web_scheme: 'https' },
    sending_dns_records: [],
    receiving_dns_records: [],
  };
}

function queues() {
  const open = { is_disabled: false, disabled: { until: '', reason: '' } };
  return { regular: open, scheduled: open };
}

function say(status: number, message: string): SimulatorAnswer {
  return { status, body: { message } };
}
