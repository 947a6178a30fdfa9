import { readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { deadLetterEventSchema } from '../lambda/contract/dead-letter-event.ts';
import { eventSchema } from '../lambda/contract/event.ts';
import { inboundPointerSchema, inboundSchema } from '../lambda/contract/inbound.ts';
import { pointerSchema, submissionSchema } from '../lambda/contract/submission.ts';

/**
 * There is one schema file for each kind of message. So a validator names the field that is invalid, instead of reporting that none
 * of several alternatives matches.
 */
const SCHEMAS = {
  submission: {
    title: 'Mailover submission',
    description: 'A message on the outbound queue.',
    type: submissionSchema,
  },
  pointer: {
    title: 'Mailover pointer to a submission',
    description: 'A message on the outbound queue in place of a submission that is too large for the queue.',
    type: pointerSchema,
  },
  inbound: {
    title: 'Mailover inbound message',
    description: 'A message on the inbound queue: a received mail.',
    type: inboundSchema,
  },
  'inbound-pointer': {
    title: 'Mailover pointer to an inbound message',
    description: 'A message on the inbound queue in place of a received mail that is too large for the queue.',
    type: inboundPointerSchema,
  },
  event: {
    title: 'Mailover delivery event',
    description: 'A message on the events queue: later news of a mail, for one recipient.',
    type: eventSchema,
  },
  'dead-letter-event': {
    title: 'Mailover dead letter as an event',
    description:
      'A message on the events queue where it is put on an event bus or posted: a submission that could not be sent.',
    type: deadLetterEventSchema,
  },
};

for (const [name, { title, description, type }] of Object.entries(SCHEMAS)) {
  const { $schema, title: _title, description: _description, ...shape } = z.toJSONSchema(type);
  const $id = `urn:mailover:${name}:1`;
  const generated = `${JSON.stringify({ $schema, $id, title, description, ...shape }, null, 2)}\n`;
  const fileName = `${name}.schema.json`;
  const file = new URL(`../schema/${fileName}`, import.meta.url);
  if (!process.argv.includes('--check')) {
    await writeFile(file, generated);
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== generated) {
    console.error(`schema/${fileName} differs from lambda/contract; run "npm run schema" and commit it.`);
    process.exitCode = 1;
  }
}
