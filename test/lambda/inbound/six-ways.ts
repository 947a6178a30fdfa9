import type { InboundMessage } from '../../../lambda/contract/inbound.ts';
import { type ReceivedMail, readReception } from '../../../local/simulators/inbound/received-mail.ts';
import { mailgunBody, signPost } from '../../../local/simulators/mailgun/webhook.ts';
import { postmarkMessage } from '../../../local/simulators/postmark/webhook.ts';
import { givenWorld, NOW, postmarkRequest, type World } from './world.ts';

/** The formats in which a received mail may arrive from a provider. */
export const WAYS = ['mailgun-form', 'mailgun-mime', 'mailgun-stored', 'postmark-json', 'postmark-raw', 'ses'] as const;
export type Way = (typeof WAYS)[number];
/** The formats in which the provider has already parsed the mail. */
export const PARSED: readonly Way[] = ['mailgun-form', 'postmark-json'];

/** Returns the message that the receiver makes of a mail that arrives in this format. */
export async function arrivedBy(
  way: Way,
  raw: Buffer,
  from: string | null = 'ada@example.org',
): Promise<InboundMessage> {
  const world = givenWorld();
  const mail = readReception({ raw, from, to: 'box@in.example.com' });
  await post(way, mail, world);
  const [message, ...more] = world.messages();
  if (more.length > 0) throw new Error(`more than one message arrived by ${way}`);
  if (message === undefined) throw new Error(`nothing arrived by ${way}`);
  return message;
}

async function post(way: Way, mail: ReceivedMail, world: World): Promise<unknown> {
  const signature = signPost('key-new', NOW / 1000);
  const url = 'https://storage-us-east4.api.mailgun.net/v3/domains/in.example.com/messages/KEY';
  const mailgun = (form: 'form' | 'mime' | 'store') =>
    world.receive({
      key: 'mailgun',
      path: 'hidden-m',
      sourceIp: '3.0.0.1',
      headers: {},
      ...mailgunBody(mail, form, signature, url),
    });
  switch (way) {
    case 'mailgun-form':
      return await mailgun('form');
    case 'mailgun-mime':
      return await mailgun('mime');
    case 'mailgun-stored':
      world.fetch = async () => Response.json({ 'body-mime': mail.raw.toString('utf8') });
      return await mailgun('store');
    case 'postmark-json':
      return await world.receive(postmarkRequest(postmarkMessage(mail, 'an-id', false)));
    case 'postmark-raw':
      return await world.receive(postmarkRequest(postmarkMessage(mail, 'an-id', true)));
    case 'ses': {
      world.objects.set('inbound/ses/an-id', { content: mail.raw, contentType: '' });
      const action = { bucketName: 'mail', objectKey: 'inbound/ses/an-id' };
      return await world.takeReceived({
        notificationType: 'Received',
        mail: { source: mail.from ?? '<>', messageId: 'an-id' },
        receipt: { recipients: [mail.to], action },
      });
    }
  }
}

/** Returns the mail in the form in which SMTP transfers it. */
export function asSent(mail: Buffer): Buffer {
  return Buffer.from(mail.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
}
