import { readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { pointerSchema, submissionSchema } from '../lambda/contract/submission.ts';

const FILE = new URL('../schema/submission.schema.json', import.meta.url);

const { $schema, ...shape } = z.toJSONSchema(z.union([submissionSchema, pointerSchema]));
const schema = {
  $schema,
  title: 'Mailover submission',
  description: 'A message on the outbound queue: a submission, or a pointer to one that is too large for the queue.',
  ...shape,
};
const generated = `${JSON.stringify(schema, null, 2)}\n`;

if (process.argv.includes('--check')) {
  const committed = await readFile(FILE, 'utf8').catch(() => '');
  if (committed !== generated) {
    console.error('schema/submission.schema.json differs from lambda/contract; run "npm run schema" and commit it.');
    process.exitCode = 1;
  }
} else {
  await writeFile(FILE, generated);
}
