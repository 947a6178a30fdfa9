import { readFile, writeFile } from 'node:fs/promises';
import { parseSync } from 'oxc-parser';
import { definitions } from '../lambda/providers/registry.ts';

type Source = readonly [file: string, name: string];
/** A heading of docs/configuration.md with the interfaces whose fields it lists. */
type Section = readonly [heading: string, ...sources: readonly Source[]];

const ENTRY = 'lambda/contract/providers.ts';
const types = Object.values(definitions);
const optionsOf = (type: string, kind: string): Source => [
  `lambda/providers/${type}/options.ts`,
  `${type.charAt(0).toUpperCase()}${type.slice(1)}${kind}`,
];

const SECTIONS: readonly Section[] = [
  ['An entry of `providers`', [ENTRY, 'ProviderConfig']],
  ...types.map(({ type }): Section => [`\`options\` of type \`${type}\``, optionsOf(type, 'Options')]),
  ...types
    .filter(({ inbound }) => inbound !== undefined)
    .map(({ type }): Section => [`\`inbound\` of type \`${type}\``, optionsOf(type, 'InboundOptions')]),
  ['`canary`, for sending and in `inbound`', [ENTRY, 'CanaryConfig']],
  ['An entry of `routes`', ['lambda/contract/routes.ts', 'RouteConfig']],
  ['The construct `Mailover`', ['lib/mailover.ts', 'MailoverProps']],
  ['`monitoring`', ['lib/monitoring/topics.ts', 'AlarmTargets'], ['lib/monitoring/monitoring.ts', 'MonitoringProps']],
];

const INTRODUCTION = `# Configuration

The fields of \`bin/mailover.ts\`, generated from the doc comments of their types by \`npm run configuration\`. Providers and routes are
checked at synth: an error names index, key and reason. A field without a default is required.
`;

/** The text of a doc comment on one line. */
function plain(comment: string): string {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, '').trim());
  return lines.filter(Boolean).join(' ');
}

/** A field as a row of a table; type parameters are explained in its text. */
function row(name: string, type: string, comment: string): string {
  const [meaning = '', fallback = '–'] = comment.split(/@default (?:- )?/);
  const form = /^[A-Z]$/.test(type) ? '' : `\`${type}\``;
  const cells = [`\`${name}\``, form, fallback, meaning];
  return `| ${cells.map((cell) => cell.trim().replaceAll('|', '\\|')).join(' | ')} |`;
}

/** An interface in a file: its own comment, and its fields as rows. */
async function readInterface(
  file: string,
  name: string,
): Promise<{ readonly comment: string; readonly rows: string[] }> {
  const text = await readFile(new URL(`../${file}`, import.meta.url), 'utf8');
  const { program, comments } = parseSync(file, text);
  const commentAt = (start: number) => {
    const before = comments.findLast(({ end }) => end <= start && text.slice(end, start).trim() === '');
    return plain(before?.value ?? '');
  };
  const statement = program.body.find((one) => {
    const declaration = one.type === 'ExportNamedDeclaration' ? one.declaration : one;
    return declaration?.type === 'TSInterfaceDeclaration' && declaration.id.name === name;
  });
  const found = statement?.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
  if (statement === undefined || found?.type !== 'TSInterfaceDeclaration')
    throw new Error(`${file} has no interface ${name}`);
  const rows = found.body.body.flatMap((member) => {
    if (member.type !== 'TSPropertySignature' || member.key.type !== 'Identifier') return [];
    const { start = 0, end = 0 } = member.typeAnnotation?.typeAnnotation ?? {};
    const type = text.slice(start, end).replaceAll('readonly ', '').replaceAll(/\s+/g, ' ');
    return [row(member.key.name, type, commentAt(member.start))];
  });
  // The fields that every type which posts mail has.
  const posts = found.extends.some(({ expression: one }) => one.type === 'Identifier' && one.name === 'InboundOptions');
  if (posts) rows.push(...(await readInterface(ENTRY, 'InboundOptions')).rows);
  return { comment: commentAt(statement.start).split('@example')[0]?.trim() ?? '', rows };
}

async function section([heading, ...sources]: (typeof SECTIONS)[number]): Promise<string> {
  const read = await Promise.all(sources.map(([file, name]) => readInterface(file, name)));
  const comment = read[0]?.comment ? `${read[0].comment}\n\n` : '';
  const rows = read.flatMap((one) => one.rows).join('\n');
  return `\n## ${heading}\n\n${comment}| field | form | default | meaning |\n|---|---|---|---|\n${rows}\n`;
}

// Writes docs/configuration.md; with --check fails if the page differs from the types.
const generated = INTRODUCTION + (await Promise.all(SECTIONS.map(section))).join('');
const page = new URL('../docs/configuration.md', import.meta.url);
if (!process.argv.includes('--check')) {
  await writeFile(page, generated);
} else if ((await readFile(page, 'utf8').catch(() => '')) !== generated) {
  console.error('docs/configuration.md differs from the types; run "npm run configuration" and commit it.');
  process.exitCode = 1;
}
