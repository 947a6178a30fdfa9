import { randomBytes, randomUUID } from 'node:crypto';
import type { SesOptions } from '../../../lambda/providers/ses/options.ts';
import type { StackClock } from '../../clock.ts';
import { type Taking, takingOf } from '../accepted-log.ts';
import { SimulatedList } from '../events/provider-list.ts';
import type { Report } from '../events/reporter.ts';
import type { HttpBehaviour, SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';
import { addressesOf, isAddress, isVerified } from '../mailbox-list.ts';
import { headersOf, headerValues, searchableText } from '../mime-view.ts';
import { reportSes } from './events.ts';
import { listAnswer } from './suppressions.ts';

const SEND = '/v2/email/outbound-emails';
// Source of the limits: docs.aws.amazon.com/ses/latest/dg/quotas.html, collected 2026-11-23.
const MAX_BYTES = 40 * 1024 * 1024;
const MAX_RECIPIENTS = 50;
// Headers that a mail may contain only once. Source: docs.aws.amazon.com/ses/latest/dg/header-fields.html, collected 2026-11-23.
const ONCE = ['From', 'Subject', 'Date', 'Message-ID', 'Reply-To', 'List-Unsubscribe'];

interface SendEmail {
  readonly FromEmailAddress?: string;
  readonly Destination?: Partial<Record<'ToAddresses' | 'CcAddresses' | 'BccAddresses', string[]>>;
  readonly Content?: { readonly Raw?: { readonly Data?: string } };
  readonly EmailTags?: readonly { readonly Name?: string; readonly Value?: string }[];
  readonly ConfigurationSetName?: string;
  readonly FromEmailAddressIdentityArn?: string;
}

/** Simulates the API of Amazon SES v2: SendEmail with raw content, GetAccount, and the suppression list of the account. */
export function sesBehaviour(options: SesOptions, clock: StackClock, report: Report): HttpBehaviour {
  let sent = 0;
  const list = new SimulatedList();
  return {
    clear: () => list.clear(),
    occasionOf: (_method, path) => (path === SEND ? 'send' : 'health'),
    async textOf({ body }) {
      const { mime, recipients } = read(body);
      return `${await searchableText(mime)}\n${recipients.join('\n')}`;
    },
    async answer(request) {
      const authorization = request.headers.authorization ?? '';
      if (!authorization.startsWith('AWS4-HMAC-SHA256 '))
        return failure(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
      if (request.method === 'GET' && request.path === '/v2/email/account') return ok(account(sent));
      const listed = listAnswer(request, list);
      if (listed) return listed;
      if (request.method !== 'POST' || request.path !== SEND)
        return failure(404, 'UnknownOperationException', 'The requested operation is not recognized by the service.');
      const answer = sendEmail(request, options, authorization, { list, clock, report });
      sent += answer.taken?.[0]?.envelope.to.length ?? 0;
      return answer;
    },
  };
}

function sendEmail(
  { body }: SimulatorRequest,
  options: SesOptions,
  authorization: string,
  reporting: { readonly list: SimulatedList; readonly clock: StackClock; readonly report: Report },
): SimulatorAnswer {
  let parsed: ReturnType<typeof read>;
  try {
    parsed = read(body);
  } catch {
    return failure(400, 'SerializationException', 'The request body cannot be read.');
  }
  const { input, mime, recipients, headers } = parsed;
  const wrong = defectOf(parsed);
  if (wrong) return failure(400, 'BadRequestException', wrong);
  const { ConfigurationSetName: set } = input;
  const { opens, clicks, both } = options.trackingSets ?? {};
  if (set !== undefined && ![options.configurationSet, opens, clicks, both].includes(set))
    return failure(404, 'NotFoundException', `Configuration set <${set}> does not exist.`);
  const senders = [...addressesOf(input.FromEmailAddress), ...addressesOf(headerValues(headers, 'From'))];
  const arn = input.FromEmailAddressIdentityArn;
  if (arn !== undefined && arn !== options.fromIdentityArn)
    return failure(
      403,
      'AccessDeniedException',
      `User is not authorized to perform ses:SendRawEmail on resource ${arn}`,
    );
  // An identity of another account may be used only if the request contains the ARN of this identity.
  const own = arn === options.fromIdentityArn ? options.identities : [];
  const unverified = [...new Set(senders)].filter((address) => !isVerified(address, own));
  if (unverified.length > 0) {
    const region = authorization.split('/')[2] ?? options.region ?? 'us-east-1';
    const check = `The following identities failed the check in region ${region.toUpperCase()}: ${unverified.join(', ')}`;
    return failure(400, 'MessageRejected', `Email address is not verified. ${check}`);
  }
  const id = `0100${randomBytes(6).toString('hex')}-${randomUUID()}-000000`;
  const taking: Taking = {
    ...takingOf(id, { from: senders[0] ?? '', to: recipients }, mime, () => headers),
    ...(set !== undefined && {
      tracking: { opens: set === opens || set === both, clicks: set === clicks || set === both },
    }),
  };
  const tags = (input.EmailTags ?? []).map(({ Name = '', Value = '' }) => [Name, [Value]] as const);
  // Without a configuration set SES publishes no events.
  if (set !== undefined)
    reportSes(
      { messageId: id, from: senders[0] ?? '', to: recipients, headers, set, tags: Object.fromEntries(tags) },
      reporting,
    );
  return { ...ok({ MessageId: id }), taken: [taking] };
}

function read(body: Buffer) {
  const input = JSON.parse(body.toString()) as SendEmail;
  const mime = Buffer.from(input.Content?.Raw?.Data ?? '', 'base64');
  const headers = headersOf(mime);
  const { ToAddresses = [], CcAddresses = [], BccAddresses = [] } = input.Destination ?? {};
  const given = [...ToAddresses, ...CcAddresses, ...BccAddresses];
  // If the request has no Destination, SES reads the recipients from the header of the mail.
  const recipients = addressesOf(
    given.length > 0 ? given : ['To', 'Cc', 'Bcc'].flatMap((name) => headerValues(headers, name)),
  );
  return { input, mime, headers, recipients };
}

function defectOf({ input, mime, headers, recipients }: ReturnType<typeof read>): string | undefined {
  if (mime.length === 0) return 'Content.Raw.Data is required; this simulator accepts raw content only.';
  if (mime.length > MAX_BYTES) return `Message length is more than ${MAX_BYTES} bytes long: '${mime.length}'.`;
  if (recipients.length === 0) return 'Destination must contain at least one recipient.';
  if (recipients.length > MAX_RECIPIENTS) return `Recipient count exceeds ${MAX_RECIPIENTS}.`;
  for (const address of recipients) {
    if (!address.includes('@')) return "Missing final '@domain'";
    if (!isAddress(address)) return 'Illegal address';
    if (/[^\x21-\x7e]/.test(address.slice(0, address.lastIndexOf('@'))) && !address.startsWith('"'))
      return 'Local address contains control or whitespace';
    if (/[^\x21-\x7e]/.test(address.slice(address.lastIndexOf('@')))) return 'Domain contains illegal character';
  }
  if (headerValues(headers, 'From').length === 0) return "Missing required header 'From'.";
  const twice = ONCE.find((name) => headerValues(headers, name).length > 1);
  if (twice) return `Duplicate header '${twice}'.`;
  const tag = input.EmailTags?.find(
    ({ Name = '', Value = '' }) => !/^[A-Za-z0-9_-]{1,256}$/.test(Name) || !/^[A-Za-z0-9_-]{1,256}$/.test(Value),
  );
  return tag && 'Invalid tag: only alphanumeric ASCII characters, underscores and dashes are allowed, at most 256.';
}

function account(sent: number) {
  return {
    DedicatedIpAutoWarmupEnabled: false,
    EnforcementStatus: 'HEALTHY',
    ProductionAccessEnabled: true,
    SendQuota: { Max24HourSend: 50_000, MaxSendRate: 14, SentLast24Hours: sent },
    SendingEnabled: true,
    SuppressionAttributes: { SuppressedReasons: ['BOUNCE', 'COMPLAINT'] },
  };
}

function ok(body: unknown): SimulatorAnswer {
  return { status: 200, headers: { 'x-amzn-RequestId': randomUUID() }, body };
}

function failure(status: number, type: string, message: string): SimulatorAnswer {
  return { status, headers: { 'x-amzn-errortype': type, 'x-amzn-RequestId': randomUUID() }, body: { message } };
}
