import MailComposer from 'nodemailer/lib/mail-composer';
import { defined } from '../../lambda/platform/defined.ts';
import type { Header } from './mail-view.ts';

/** The parts of a mail that a request to a provider contains as separate fields, and not as a MIME message. */
export interface GivenParts {
  readonly headers: readonly Header[];
  readonly text?: string | undefined;
  readonly html?: string | undefined;
  /** Alternatives to the text in addition to HTML, such as a calendar invitation. */
  readonly alternatives?: readonly { readonly contentType: string; readonly content: string }[];
  readonly attachments: readonly {
    readonly filename: string;
    readonly contentType: string;
    readonly content: Buffer;
    readonly cid?: string | undefined;
  }[];
}

/** Options of the MIME composer that set a header, by the lower-case name of the header. */
const OPTIONS = {
  from: 'from',
  to: 'to',
  cc: 'cc',
  'reply-to': 'replyTo',
  subject: 'subject',
  'message-id': 'messageId',
};

/** Composes a MIME message from the fields of a request, as a provider does. */
export async function composedMime({
  headers,
  text,
  html,
  alternatives = [],
  attachments,
}: GivenParts): Promise<Buffer> {
  const named: Record<string, string> = {};
  const others: { key: string; value: string }[] = [];
  for (const [name, value] of headers) {
    const option = OPTIONS[name.toLowerCase() as keyof typeof OPTIONS];
    if (option) named[option] = value;
    else others.push({ key: name, value });
  }
  return await new MailComposer({
    ...named,
    headers: others,
    ...defined({ text, html, alternatives: alternatives.length > 0 ? [...alternatives] : undefined }),
    attachments: attachments.map(({ cid, ...rest }) => ({ ...rest, cid: cid || undefined })),
  })
    .compile()
    .build();
}
