import type { SQSEvent } from 'aws-lambda';

/** A mail as a producer writes it. */
export interface BareMail {
  readonly id: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** A handler that sends the mails of a batch at once, without anything that Mailover adds. */
export function handlerOf(send: (mail: BareMail) => Promise<unknown>) {
  return async ({ Records }: SQSEvent): Promise<void> => {
    await Promise.all(Records.map(({ body }) => send(JSON.parse(body) as BareMail)));
  };
}
