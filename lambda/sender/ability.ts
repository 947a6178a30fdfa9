import { allowedFrom, allows } from '../contract/from-domains.ts';
import type { ProviderConfig } from '../contract/providers.ts';
import { hasAsciiLocalPart, hasQuotedLocalPart } from '../mail/address.ts';
import type { Mailbox, Message } from '../mail/message.ts';
import type { ProviderDefinition } from '../providers/provider.ts';

/** What a provider's limits are held against. */
export interface MessageFacts {
  /** Bytes of the composed MIME message: what providers count, base64 included. */
  readonly bytes: number;
  /** Bytes of the longer of text and HTML. */
  readonly bodyBytes: number;
  readonly recipients: number;
  /** Recipients in To and Cc. */
  readonly visibleRecipients: number;
  readonly fromAddress: string;
  /** Whose local part is beyond ASCII: `some` recipients only, or `all` of them or the sender, so that nobody can be served without SMTPUTF8. */
  readonly smtpUtf8: 'none' | 'some' | 'all';
  readonly quotedLocalPart: boolean;
  /** All characters of the local parts of all addresses. */
  readonly localParts: string;
  readonly emptyAttachment: boolean;
  readonly calendar: boolean;
  /** File extensions of the attachments, lower case. */
  readonly extensions: readonly string[];
}

/** The facts of a message; `bytes` is the size of its MIME. */
export function factsOf(message: Message, bytes: number): MessageFacts {
  const recipients = [...message.to, ...message.cc, ...message.bcc];
  const addresses = [...recipients, message.from, ...message.replyTo].map(({ address }) => address);
  return {
    bytes,
    bodyBytes: Math.max(Buffer.byteLength(message.text ?? ''), Buffer.byteLength(message.html ?? '')),
    recipients: recipients.length,
    visibleRecipients: message.to.length + message.cc.length,
    fromAddress: message.from.address,
    smtpUtf8: smtpUtf8Of(message),
    quotedLocalPart: addresses.some(hasQuotedLocalPart),
    localParts: addresses.map((address) => address.slice(0, address.lastIndexOf('@'))).join(''),
    emptyAttachment: message.attachments.some(({ content }) => content.length === 0),
    calendar: message.calendar !== undefined,
    extensions: message.attachments.flatMap(({ filename }) => extensionOf(filename) ?? []),
  };
}

function smtpUtf8Of({ from, replyTo, to, cc, bcc }: Message): MessageFacts['smtpUtf8'] {
  const isPlain = ({ address }: Mailbox) => hasAsciiLocalPart(address);
  const recipients = [...to, ...cc, ...bcc];
  if (![from, ...replyTo].every(isPlain) || !recipients.some(isPlain)) return 'all';
  return recipients.every(isPlain) ? 'none' : 'some';
}

/** What stands behind the last dot, in lower case; a name without a dot has no extension. */
function extensionOf(filename: string): string | undefined {
  // Windows drops dots and spaces at the end of a name, and so do filters.
  return /\.([^.]+)$/su.exec(filename.replace(/[. ]+$/, ''))?.[1]?.toLowerCase();
}

/** Why this provider cannot carry a message, or undefined if it can; in the words that an operator reads. */
export function unableTo(
  provider: ProviderConfig,
  { limits }: ProviderDefinition,
  facts: MessageFacts,
): string | undefined {
  const maxBytes = Math.min(smtpSize(provider) ?? limits.maxBytes, provider.limits?.maxBytes ?? Infinity);
  const maxRecipients = Math.min(limits.maxRecipients, provider.limits?.maxRecipients ?? Infinity);
  const smtpUtf8 = limits.smtpUtf8 || (provider.type === 'smtp' && provider.options.smtpUtf8 === true);
  const illegal = Array.from(limits.forbiddenInLocalPart ?? '').find((one) => facts.localParts.includes(one));
  const forbidden = facts.extensions.find((extension) => limits.forbiddenExtensions?.includes(extension));
  if (facts.bytes > maxBytes) return `${TOO_LARGE}: ${facts.bytes} bytes, at most ${maxBytes}`;
  if (limits.maxBodyBytes !== undefined && facts.bodyBytes > limits.maxBodyBytes)
    return `${TOO_LARGE}: a body of ${facts.bodyBytes} bytes, at most ${limits.maxBodyBytes}`;
  if (facts.recipients > maxRecipients) return `too many recipients: ${facts.recipients}, at most ${maxRecipients}`;
  const needsSmtpUtf8 = facts.smtpUtf8 === 'all' || (facts.smtpUtf8 === 'some' && !limits.servesInPart);
  if (needsSmtpUtf8 && !smtpUtf8) return 'cannot carry a local part beyond ASCII';
  if (facts.quotedLocalPart && !limits.quotedLocalPart) return 'cannot carry a quoted local part';
  if (illegal !== undefined) return `cannot carry a local part with ${illegal}`;
  if (facts.emptyAttachment && limits.emptyAttachments === false) return 'refuses attachments of no bytes';
  if (facts.calendar && limits.calendar === false) return 'cannot carry an invitation as an alternative to the text';
  if (limits.visibleRecipient && facts.visibleRecipients === 0 && facts.recipients > 1) return 'needs a To or Cc';
  if (forbidden) return `refuses attachments of type .${forbidden}`;
  if (senderAt(provider, facts.fromAddress) === undefined) return 'not verified for this From domain';
  return undefined;
}

/** Begins every reason that speaks of size. */
export const TOO_LARGE = 'too large';

/** What the server at hand takes, which may be more than the type's default. */
function smtpSize(provider: ProviderConfig): number | undefined {
  return provider.type === 'smtp' ? provider.options.maxBytes : undefined;
}

/** Whether a message from this address goes over the provider as it is, from its substitute, or not at all. */
export function senderAt(provider: ProviderConfig, from: string): 'original' | 'substitute' | undefined {
  const allowed = allowedFrom(provider);
  if (!allowed || allows(allowed, from)) return 'original';
  return provider.substituteFrom === undefined ? undefined : 'substitute';
}
