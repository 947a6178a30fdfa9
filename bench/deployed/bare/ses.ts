import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { type BareMail, handlerOf } from './mail.ts';

const client = new SESv2Client({});

/** Sends a mail with the SDK of SES. */
export const send = ({ from, to, subject, text, html }: BareMail) =>
  client.send(
    new SendEmailCommand({
      FromEmailAddress: from,
      Destination: { ToAddresses: [...to] },
      Content: { Simple: { Subject: { Data: subject }, Body: { Text: { Data: text }, Html: { Data: html } } } },
    }),
  );

export const handler = handlerOf(send);
