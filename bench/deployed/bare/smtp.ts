import { createTransport } from 'nodemailer';
import { type BareMail, handlerOf } from './mail.ts';

const { hostname: host, port } = new URL(process.env['BENCH_SMTP'] ?? '');
const transport = createTransport({ host, port: Number(port), pool: true, maxConnections: 10, ignoreTLS: true });

/** Sends a mail with nodemailer, which keeps its connections open. */
export const send = ({ from, to, subject, text, html }: BareMail) =>
  transport.sendMail({ from, to: [...to], subject, text, html });

export const handler = handlerOf(send);
