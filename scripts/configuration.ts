import { readFile, writeFile } from 'node:fs/promises';
import { type CallExpression, type Expression, parseSync } from 'oxc-parser';
import { z } from 'zod';
import { optionFields } from '../lambda/providers/option-fields.ts';
import type { ProviderDefinition } from '../lambda/providers/provider.ts';
import { definitions } from '../lambda/providers/registry.ts';

/** Source of the documented fields: an interface in a file, or the function that checks options, with its schema. */
type Source = readonly [file: string, name: string, schema?: z.ZodType];
/** A heading of docs/configuration.md, and the interfaces or checks whose fields are listed under it. */
type Section = readonly [heading: string, ...sources: readonly Source[]];

const ENTRY = 'lambda/contract/providers.ts';
const types: readonly ProviderDefinition[] = Object.values(definitions);
const optionsOf = (type: string) => `lambda/providers/${type}/options.ts`;

const SECTIONS: readonly Section[] = [
  ['An entry of `providers`', [ENTRY, 'ProviderConfig']],
  ...types.map(
    ({ type, checkOptions }): Section => [
      `\`options\` of type \`${type}\``,
      [optionsOf(type), 'checkOptions', checkOptions(optionFields)],
    ],
  ),
  ...types.flatMap(({ type, inbound }): Section[] =>
    inbound
      ? [[`\`inbound\` of type \`${type}\``, [optionsOf(type), 'checkInbound', inbound.checkOptions(optionFields)]]]
      : [],
  ),
  ['`canary`, for sending and in `inbound`', [ENTRY, 'CanaryConfig']],
  ['An entry of `routes`', ['lambda/contract/routes.ts', 'RouteConfig']],
  [
    'The construct `Mailover`',
    ['lib/mailover-props.ts', 'MailoverProps'],
    ['lib/configuration/stage.ts', 'StageProps'],
    ['lib/functions/network.ts', 'NetworkProps'],
    ['lib/configuration/unsubscribe-links.ts', 'UnsubscribeLinks'],
  ],
  ['`events` of the construct', ['lib/configuration/application-events.ts', 'ApplicationEvents']],
  ['`monitoring`', ['lib/monitoring/topics.ts', 'AlarmTargets'], ['lib/monitoring/monitoring.ts', 'MonitoringProps']],
];

const INTRODUCTION = `# Configuration

The fields of \`bin/mailover.ts\`, generated from the doc comments of their types by \`npm run configuration\`. Providers and routes are
checked at synth: an error names index, key and reason. A field without a default is required.
`;

/** Returns the text of a doc comment on one line. */
function plain(comment: string): string {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, '').trim());
  return lines.filter(Boolean).join(' ');
}

/**
 * Returns a field as a row of a table. The type of the field is left out if it is a type parameter; the text of the field then
 * explains it.
 */
function row(name: string, type: string, comment: string): string {
  const [meaning = '', fallback = '–'] = comment.split(/@default (?:- )?/);
  const form = /^[A-Z]$/.test(type) ? '' : `\`${type}\``;
  const cells = [`\`${name}\``, form, fallback, meaning];
  return `| ${cells.map((cell) => cell.trim().replaceAll('|', '\\|')).join(' | ')} |`;
}

interface Read {
  readonly comment: string;
  readonly rows: readonly string[];
}

/**
 * Parses a file. Returns the exported declaration with this name, and a function that finds the comment directly before a
 * position.
 */
async function parse(file: string, name: string) {
  const text = await readFile(new URL(`../${file}`, import.meta.url), 'utf8');
  const { program, comments } = parseSync(file, text);
  const commentAt = (start: number) => {
    const before = comments.findLast(({ end }) => end <= start && text.slice(end, start).trim() === '');
    return (
      plain(before?.value ?? '')
        .split('@example')[0]
        ?.trim() ?? ''
    );
  };
  const found = program.body.find((statement) => {
    const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : undefined;
    const id =
      declared?.type === 'VariableDeclaration'
        ? declared.declarations[0]?.id
        : declared && 'id' in declared && declared.id;
    return id && id.type === 'Identifier' && id.name === name;
  });
  if (found?.type !== 'ExportNamedDeclaration' || !found.declaration) throw new Error(`${file} has no ${name}`);
  return { text, declaration: found.declaration, comment: commentAt(found.start), commentAt };
}

/** Reads an interface: its comment, and its fields as rows of a table. */
async function readInterface(file: string, name: string): Promise<Read> {
  const { text, declaration, comment, commentAt } = await parse(file, name);
  if (declaration.type !== 'TSInterfaceDeclaration') throw new Error(`${name} in ${file} is no interface`);
  const rows = declaration.body.body.flatMap((member) => {
    if (member.type !== 'TSPropertySignature' || member.key.type !== 'Identifier') return [];
    const { start = 0, end = 0 } = member.typeAnnotation?.typeAnnotation ?? {};
    const type = text.slice(start, end).replaceAll('readonly ', '').replaceAll(/\s+/g, ' ');
    return [row(member.key.name, type, commentAt(member.start))];
  });
  return { comment, rows };
}

/** Reads a check of options: the comments from its source code, and the types from its schema. */
async function readCheck(file: string, name: string, schema: z.ZodType): Promise<Read> {
  const { declaration, comment, commentAt } = await parse(file, name);
  const fields = objectIn(declaration);
  if (fields?.type !== 'ObjectExpression') throw new Error(`${name} in ${file} has no strictObject`);
  const { anyOf = [], ...whole } = z.toJSONSchema(schema) as JsonSchema;
  const { properties = {} } = [whole, ...anyOf].find((one) => one.properties) ?? {};
  const rows = await Promise.all(
    fields.properties.map(async (property) => {
      // A spread stands for the fields that are common to all provider types which post received mail.
      if (property.type === 'SpreadElement') return (await readInterface(ENTRY, 'InboundOptions')).rows;
      if (property.key.type !== 'Identifier') return [];
      return [row(property.key.name, formOf(properties[property.key.name]), commentAt(property.start))];
    }),
  );
  return { comment, rows: rows.flat() };
}

/** Returns the argument of the first call of `strictObject()` within a declaration. */
function objectIn(node: unknown): Expression | undefined {
  if (typeof node !== 'object' || node === null) return undefined;
  const { type, callee, arguments: given } = node as Partial<CallExpression>;
  if (type === 'CallExpression' && callee?.type === 'MemberExpression' && callee.property.type === 'Identifier')
    if (callee.property.name === 'strictObject' && given?.[0]?.type === 'ObjectExpression') return given[0];
  for (const child of Object.values(node)) {
    const found = objectIn(child);
    if (found) return found;
  }
  return undefined;
}

interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
}

/** Returns a JSON Schema as a type in the syntax of TypeScript. */
function formOf({ $ref, type, enum: values, items, properties, required = [] }: JsonSchema = {}): string {
  if ($ref) return $ref.slice($ref.lastIndexOf('/') + 1);
  if (values) return values.map((value) => `'${value}'`).join(' | ');
  if (type === 'array') return `${formOf(items)}[]`;
  if (type === 'integer') return 'number';
  if (type !== 'object') return type ?? '';
  const fields = Object.entries(properties ?? {}).map(
    ([name, field]) => `${name}${required.includes(name) ? '' : '?'}: ${formOf(field)}`,
  );
  return `{ ${fields.join('; ')} }`;
}

async function section([heading, ...sources]: (typeof SECTIONS)[number]): Promise<string> {
  const read = await Promise.all(
    sources.map(([file, name, schema]) => (schema ? readCheck(file, name, schema) : readInterface(file, name))),
  );
  const comment = read[0]?.comment ? `${read[0].comment}\n\n` : '';
  const rows = read.flatMap((one) => one.rows).join('\n');
  return `\n## ${heading}\n\n${comment}| field | form | default | meaning |\n|---|---|---|---|\n${rows}\n`;
}

// Writes docs/configuration.md. With --check, fails if the page is not up to date.
const generated = INTRODUCTION + (await Promise.all(SECTIONS.map(section))).join('');
const page = new URL('../docs/configuration.md', import.meta.url);
if (!process.argv.includes('--check')) {
  await writeFile(page, generated);
} else if ((await readFile(page, 'utf8').catch(() => '')) !== generated) {
  console.error('docs/configuration.md differs from the types; run "npm run configuration" and commit it.');
  process.exitCode = 1;
}
