import type { Message } from '../mail/message.ts';
import { getsLink } from '../routing/unsubscribe.ts';
import { LedgerError } from '../submission/ledger.ts';
import type { Intake } from './intake.ts';
import type { SenderContext } from './work.ts';

const HEADER = 'List-Unsubscribe';

/**
 * Returns the message with the headers for one-click unsubscription (RFC 8058), if the route of the submission's class of mail
 * has the setting for unsubscribe links. Otherwise returns `arrived` unchanged.
 *
 * @throws LedgerError if the key that signs the link cannot be read. The message is then sent to a retry queue
 */
export async function withUnsubscribeLink(
  arrived: Intake,
  { environment, unsubscribeToken }: Pick<SenderContext, 'environment' | 'unsubscribeToken'>,
): Promise<Intake> {
  if (arrived.kind !== 'ready' || !getsLink(arrived.submission, environment)) return arrived;
  const { message } = arrived;
  const [recipient] = [...message.to, ...message.cc, ...message.bcc];
  const { unsubscribeUrl } = environment;
  if (!unsubscribeToken || unsubscribeUrl === undefined || recipient === undefined || message.class === undefined)
    return arrived;
  try {
    const token = await unsubscribeToken({ address: recipient.address, class: message.class });
    return { ...arrived, message: withHeaders(message, `${unsubscribeUrl}/${token}`) };
  } catch (error) {
    throw new LedgerError('the key of the links to unsubscribe cannot be read', { cause: error });
  }
}

/** Returns the message with the unsubscribe link in its headers. If the submission has a `mailto` link, the new link comes before it. */
function withHeaders(message: Message, url: string): Message {
  const given = message.headers.find(([name]) => name === HEADER)?.[1];
  const others = message.headers.filter(([name]) => name !== HEADER);
  return {
    ...message,
    headers: [
      ...others,
      [HEADER, [`<${url}>`, ...(given ? [given] : [])].join(', ')],
      [`${HEADER}-Post`, `${HEADER}=One-Click`],
    ],
  };
}
