import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { submissionSchema } from '../../../lambda/contract/submission.ts';
import { FIELDS } from '../../../lambda/contract/validation-errors.ts';

const script = new URL('../../../scripts/schema.ts', import.meta.url).pathname;
const committed = new URL('../../../schema/submission.schema.json', import.meta.url);

it('is committed as generated from the types', async () => {
  await expect(promisify(execFile)(process.execPath, [script, '--check'])).resolves.toMatchObject({ stderr: '' });
});

it('has no name that a dead letter would hide', async () => {
  const names = new Set<string>();
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const name of Object.keys((value as { properties?: object }).properties ?? {})) names.add(name);
    for (const inner of Object.values(value)) collect(inner);
  };
  collect(JSON.parse(await readFile(committed, 'utf8')));
  expect([...names].sort()).toEqual([...FIELDS].sort());
});

it('describes a submission and a pointer, and refuses unknown fields', async () => {
  const submission = JSON.parse(await readFile(committed, 'utf8'));
  const pointer = JSON.parse(await readFile(new URL('pointer.schema.json', committed), 'utf8'));

  expect(Object.keys(submission.properties)).toEqual(Object.keys(submissionSchema.def.shape));
  expect(submission.required).toEqual(['version', 'from']);
  expect(submission.additionalProperties).toBe(false);
  expect(pointer.required).toEqual(['version', 's3']);
});

it('lets a validator name the wrong field', async () => {
  const isValid = new Ajv2020({ strict: false, validateFormats: false }).compile(
    JSON.parse(await readFile(committed, 'utf8')),
  );
  isValid({ version: 1, from: 'shop@example.com', to: ['ada@example.org'], text: 'Hello', subject: 5 });
  expect(isValid.errors).toEqual([expect.objectContaining({ instancePath: '/subject', message: 'must be string' })]);
});

it('holds only patterns that any validator can read', async () => {
  const patterns = (await readFile(committed, 'utf8')).matchAll(/"pattern": (".*")/g);
  for (const [, pattern] of patterns) expect(() => new RegExp(JSON.parse(pattern ?? '""'), 'u')).not.toThrow();
});
