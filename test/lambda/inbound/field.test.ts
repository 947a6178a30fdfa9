import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Arrival } from '../../../lambda/webhook/authenticate.ts';
import { type Expected, problemsOf } from './field-expectations.ts';
import { type FormEntry, givenWorld, mailgunRequest, postmarkMail, postmarkRequest } from './world.ts';

// Each case is a small invented mail with the message that is expected for it. The mail shows a problem that users of inbound
// webhooks have reported in public. A case with `guard` also passed before the repair of such a problem; it fails if the repair
// changes correct mail.

type Posted = 'mailgun-mime' | 'mailgun-form' | 'postmark-json' | 'postmark-raw';

interface Case {
  readonly id: string;
  readonly file: string;
  readonly posted: readonly Posted[];
  readonly expect: Expected;
  readonly guard?: boolean;
}

const DIRECTORY = new URL('./field/', import.meta.url);
const cases = JSON.parse(readFileSync(new URL('expected.json', DIRECTORY), 'utf8')) as Case[];
const runs = cases.flatMap((one) => one.posted.map((posted) => ({ ...one, posted })));

test.each(runs)('$id as $posted', async ({ file, posted, expect: expected }) => {
  const world = givenWorld();

  const { status } = await world.receive(requestOf(readFileSync(new URL(file, DIRECTORY)), posted));

  expect(status).toBe(200);
  const [message, ...more] = world.messages();
  expect(more).toEqual([]);
  expect(message && problemsOf(message, expected)).toEqual([]);
});

function requestOf(content: Buffer, posted: Posted): Arrival {
  switch (posted) {
    case 'mailgun-mime':
      return mailgunRequest(
        [
          ['recipient', 'box@in.example.com'],
          ['sender', 'jane@sender.example'],
          ['body-mime', content],
        ],
        { multipart: true },
      );
    case 'mailgun-form': {
      const { fields, files } = JSON.parse(content.toString()) as MailgunForm;
      const entries: FormEntry[] = [
        ...Object.entries(fields),
        ...files.map(
          ({ name, filename, contentType, content: text }): FormEntry => [name, text, filename, contentType],
        ),
      ];
      return mailgunRequest(entries);
    }
    case 'postmark-json':
      return postmarkRequest(content.toString());
    case 'postmark-raw': {
      const nothing = { FromFull: null, ToFull: [], Subject: '', Date: '', TextBody: '', Headers: [] };
      return postmarkRequest(postmarkMail({ ...nothing, RawEmail: content.toString() }));
    }
  }
}

interface MailgunForm {
  readonly fields: Readonly<Record<string, string>>;
  readonly files: readonly { name: string; filename: string; contentType: string; content: string }[];
}
