import { readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { inboundPointerSchema, inboundSchema } from '../lambda/contract/inbound.ts';
import { pointerSchema, submissionSchema } from '../lambda/contract/submission.ts';

const SCHEMAS = {
  'submission.schema.json': {
    title: 'Mailover submission',
    description: 'A message on the outbound queue: a submission, or a pointer to one that is too large for the queue.',
    type: z.union([submissionSchema, pointerSchema]),
  },
  'inbound.schema.json': {
    title: 'Mailover inbound message',
    description:
      'A message on the inbound queue: a received mail, or a pointer to one that is too large for the queue.',
    type: z.union([inboundSchema, inboundPointerSchema]),
  },
};

for (const [name, { title, description, type }] of Object.entries(SCHEMAS)) {
  const { $schema, ...shape } = z.toJSONSchema(type);
  const generated = `${JSON.stringify({ $schema, title, description, ...shape }, null, 2)}\n`;
  const file = new URL(`../schema/${name}`, import.meta.url);
  if (!process.argv.includes('--check')) {
    await writeFile(file, generated);
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== generated) {
    console.error(`schema/${name} differs from lambda/contract; run "npm run schema" and commit it.`);
    process.exitCode = 1;
  }
}
