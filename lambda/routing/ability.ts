import type { ProviderConfig } from '../contract/providers.ts';
import { hasAsciiLocalPart, hasQuotedLocalPart } from '../mail/address.ts';
import type { Mailbox, Message } from '../mail/message.ts';
import { allowedFrom, allows } from '../providers/from-domains.ts';
import { type Limits, limitsOf, type ProviderDefinition } from '../providers/provider.ts';

/** Properties of a message that are compared with a provider's limits. */
export interface MessageFacts {
  /** Size of the composed MIME message in bytes, with base64 encoding. Providers apply their limits to this size. */
  readonly bytes: number;
  /** Size of the text or of the HTML, the larger of the two, in bytes. */
  readonly bodyBytes: number;
  /** Addresses of To, Cc and Bcc. */
  readonly recipients: readonly string[];
  /** Number of recipients in To and Cc. */
  readonly visibleRecipients: number;
  readonly fromAddress: string;
  /** Addresses of Reply-To. */
  readonly replyTo: readonly string[];
  readonly emptyAttachment: boolean;
  readonly calendar: boolean;
  /** File names and Content-IDs of the attachments. */
  readonly attachmentNames: readonly string[];
  /** File extensions of the attachments, in lower case. */
  readonly extensions: readonly string[];
}

/** Returns the properties of a message that are compared with the limits of providers. `bytes` is the size of the composed MIME message. */
export function factsOf(message: Message, bytes: number): MessageFacts {
  const addresses = (list: readonly Mailbox[]) => list.map(({ address }) => address);
  return {
    bytes,
    bodyBytes: Math.max(Buffer.byteLength(message.text ?? ''), Buffer.byteLength(message.html ?? '')),
    recipients: addresses([...message.to, ...message.cc, ...message.bcc]),
    visibleRecipients: message.to.length + message.cc.length,
    fromAddress: message.from.address,
    replyTo: addresses(message.replyTo),
    emptyAttachment: message.attachments.some(({ content }) => content.length === 0),
    calendar: message.calendar !== undefined,
    attachmentNames: message.attachments.flatMap(({ filename, contentId }) => [filename, contentId ?? []].flat()),
    extensions: message.attachments.flatMap(({ filename }) => extensionOf(filename) ?? []),
  };
}

/** Returns the extension of a file name: the part after the last dot, in lower case. Returns undefined if the name has no dot. */
function extensionOf(filename: string): string | undefined {
  // Windows and mail filters remove dots and spaces at the end of a file name.
  return /\.([^.]+)$/su.exec(filename.replace(/[. ]+$/, ''))?.[1]?.toLowerCase();
}

/**
 * Returns the reason why this provider cannot send a message, in words for operators. Returns undefined if the provider can send
 * the message.
 */
export function unableTo(
  provider: ProviderConfig,
  definition: ProviderDefinition,
  facts: MessageFacts,
): string | undefined {
  const limits = limitsOf(provider, definition);
  const maxBytes = Math.min(limits.maxBytes, provider.limits?.maxBytes ?? Infinity);
  const maxRecipients = Math.min(limits.maxRecipients, provider.limits?.maxRecipients ?? Infinity);
  const forbidden = facts.extensions.find((extension) => limits.forbiddenExtensions?.includes(extension));
  if (facts.bytes > maxBytes) return `${TOO_LARGE}: ${facts.bytes} bytes, at most ${maxBytes}`;
  if (limits.maxBodyBytes !== undefined && facts.bodyBytes > limits.maxBodyBytes)
    return `${TOO_LARGE}: a body of ${facts.bodyBytes} bytes, at most ${limits.maxBodyBytes}`;
  const number = facts.recipients.length;
  if (number > maxRecipients) return `too many recipients: ${number}, at most ${maxRecipients}`;
  const problems = facts.recipients.map((address) => addressProblem(limits, address));
  const problem =
    [facts.fromAddress, ...facts.replyTo]
      .map((address) => addressProblem(limits, address))
      .find((one) => one !== undefined) ?? (problems.includes(undefined) ? undefined : problems[0]);
  if (problem !== undefined) return problem;
  if (facts.emptyAttachment && limits.emptyAttachments === false) return 'refuses empty attachments';
  const illegal = forbiddenIn(facts.attachmentNames, limits.forbiddenInAttachmentNames);
  if (illegal !== undefined) return `does not support an attachment name with ${illegal}`;
  if (facts.calendar && limits.calendar === false)
    return 'does not support an invitation as an alternative to the text';
  if (limits.visibleRecipient && facts.visibleRecipients === 0 && number > 1) return 'needs a recipient in To or Cc';
  if (forbidden) return `refuses attachments of type .${forbidden}`;
  if (senderAt(provider, facts.fromAddress) === undefined) return 'not verified for this From domain';
  return undefined;
}

/**
 * Returns the recipients to whose addresses this provider cannot send. Another provider sends to these recipients, and this
 * provider sends to all other recipients.
 */
export function unsupportedRecipients(
  provider: ProviderConfig,
  definition: ProviderDefinition,
  facts: MessageFacts,
): readonly string[] {
  const limits = limitsOf(provider, definition);
  return facts.recipients.filter((address) => addressProblem(limits, address) !== undefined);
}

function addressProblem(limits: Limits, address: string): string | undefined {
  if (!limits.smtpUtf8 && !hasAsciiLocalPart(address)) return 'does not support a local part with non-ASCII characters';
  if (!limits.quotedLocalPart && hasQuotedLocalPart(address)) return 'does not support a quoted local part';
  const local = address.slice(0, address.lastIndexOf('@'));
  const illegal = forbiddenIn([local], limits.forbiddenInLocalPart);
  return illegal === undefined ? undefined : `does not support a local part with ${illegal}`;
}

/** Returns the first forbidden character that any of the texts contains. Returns undefined if no text contains a forbidden character. */
function forbiddenIn(texts: readonly string[], forbidden = ''): string | undefined {
  return Array.from(forbidden).find((character) => texts.some((text) => text.includes(character)));
}

/** Every reason that says that a message is too large for a provider begins with these words. */
export const TOO_LARGE = 'too large';

/**
 * Returns which From address the provider uses for a message: the original address `from`, or the provider's `substituteFrom`. Returns undefined
 * if the provider can use neither.
 */
export function senderAt(provider: ProviderConfig, from: string): 'original' | 'substitute' | undefined {
  const allowed = allowedFrom(provider);
  if (!allowed || allows(allowed, from)) return 'original';
  return provider.substituteFrom === undefined ? undefined : 'substitute';
}
