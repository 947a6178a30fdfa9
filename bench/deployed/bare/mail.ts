import type { SQSEvent } from 'aws-lambda';

/** A mail in the form in which a program submits it. */
export interface BareMail {
  readonly id: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Creates a Lambda handler that sends the mails of a batch concurrently, without anything that Mailover adds. */
export function handlerOf(send: (mail: BareMail) => Promise<unknown>) {
  return async ({ Records }: SQSEvent): Promise<void> => {
    await Promise.all(Records.map(({ body }) => send(JSON.parse(body) as BareMail)));
  };
}
