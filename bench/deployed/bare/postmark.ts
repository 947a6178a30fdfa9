import { ServerClient } from 'postmark';
import { type BareMail, handlerOf } from './mail.ts';

const url = new URL(process.env['BENCH_HTTP'] ?? '');
const client = new ServerClient('bench', { requestHost: url.host, useHttps: false });

/** Sends a mail with Postmark's SDK. */
export const send = ({ from, to, subject, text, html }: BareMail) =>
  client.sendEmail({ From: from, To: to.join(', '), Subject: subject, TextBody: text, HtmlBody: html });

export const handler = handlerOf(send);
