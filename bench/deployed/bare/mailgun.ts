import Mailgun from 'mailgun.js';
import { type BareMail, handlerOf } from './mail.ts';

const client = new Mailgun(FormData).client({ username: 'api', key: 'bench', url: process.env['BENCH_HTTP'] ?? '' });

/** Sends a mail with Mailgun's SDK. */
export const send = ({ from, to, subject, text, html }: BareMail) =>
  client.messages.create('example.com', { from, to: [...to], subject, text, html });

export const handler = handlerOf(send);
