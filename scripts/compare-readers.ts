import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type AddressObject, simpleParser } from 'mailparser';
import { readMailboxes } from '../lambda/inbound/addresses.ts';
import { isoDate } from '../lambda/inbound/date.ts';
import { valuesOf } from '../lambda/inbound/headers.ts';
import { readMime } from '../lambda/inbound/mime.ts';
import { normalised } from '../lambda/inbound/normalise-content.ts';
import { decodeWords } from '../lambda/mail/decode-words.ts';

// Usage: npm run compare-readers -- DIRECTORY... Reads the mails in these directories with three readers: Python's email package,
// the npm package mailparser, and the reader of Mailover. Prints each mail that both other readers read differently from
// Mailover. The page docs/adr/0015-inbound.md explains the differences.

interface Read {
  readonly text: string;
  readonly html: string;
  readonly files: string;
  readonly from: string;
  readonly to: string;
  readonly date: string;
  readonly subject: string;
}

const directories = process.argv.slice(2);
const missing = directories.filter((directory) => !statSync(directory, { throwIfNoEntry: false })?.isDirectory());
if (directories.length === 0 || missing.length > 0) {
  const problem = missing.length > 0 ? `there is no directory ${missing.join(', ')}` : 'no directory is given';
  console.error(`compare-readers: ${problem}; npm run compare-readers -- DIRECTORY... compares the mails in them`);
  process.exit(2);
}
const files = directories
  .flatMap((directory) =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name)),
  )
  .filter((file) => /\.(eml|txt|msg|mime)$/i.test(file) && statSync(file).isFile())
  .toSorted();

const script = new URL('./read-mail.py', import.meta.url).pathname;
const answers = execFileSync('python3', [script], { input: files.join('\n'), maxBuffer: 1 << 30, encoding: 'utf8' });
const byPython = answers.trim().split('\n').map(readByPython);

let different = 0;
for (const [place, file] of files.entries()) {
  const mail = readFileSync(file);
  const own = readByUs(mail);
  const others = { python: byPython[place], mailparser: await readByMailparser(mail) };
  const fields = (Object.keys(own.read) as (keyof Read)[]).filter((field) =>
    Object.values(others).every((other) => other?.[field] !== own.read[field]),
  );
  if (fields.length === 0) continue;
  different += 1;
  console.log(`${file} ${own.flags}`);
  for (const field of fields)
    for (const [reader, read] of Object.entries({ ours: own.read, ...others }))
      console.log(`  ${field.padEnd(8)} ${reader.padEnd(10)} ${JSON.stringify(read?.[field].slice(0, 160))}`);
}
console.log(`${files.length} mails, of which ${different} are read otherwise than by both others`);

function readByUs(mail: Buffer): { readonly read: Read; readonly flags: string } {
  const content = normalised(readMime(mail));
  const { headers, text = '', html = '' } = content;
  const mailboxes = (name: string) => readMailboxes(valuesOf(headers, name)).map(({ address }) => address);
  const read = {
    text: even(text),
    html: even(html),
    files: listed(content.files.map((file) => [file.filename, Buffer.from(file.content)])),
    from: mailboxes('from').slice(0, 1).join(),
    to: mailboxes('to').join(),
    date: isoDate(valuesOf(headers, 'date')[0]) ?? '',
    subject: even(decodeWords(valuesOf(headers, 'subject')[0] ?? '')),
  };
  const flags = ['truncated', 'cut', 'unparsable'].filter((flag) => content[flag as keyof typeof content] === true);
  return { read, flags: flags.join(' ') };
}

async function readByMailparser(mail: Buffer): Promise<Read | undefined> {
  const options = { skipHtmlToText: true, skipTextToHtml: true, skipTextLinks: true, keepCidLinks: true };
  const parsed = await simpleParser(mail, options).catch(() => undefined);
  const addresses = (found: AddressObject | AddressObject[] | undefined) =>
    [found ?? []]
      .flat()
      .flatMap(({ value }) => value.flatMap((one) => one.group ?? one))
      .flatMap(({ address }) => address ?? []);
  return (
    parsed && {
      text: even(parsed.text ?? ''),
      html: even(parsed.html || ''),
      files: listed(parsed.attachments.map(({ filename, content }) => [filename, content])),
      from: addresses(parsed.from).slice(0, 1).join(),
      to: addresses(parsed.to).join(),
      date: Number.isNaN(parsed.date?.getTime() ?? Number.NaN) ? '' : (parsed.date?.toISOString() ?? ''),
      subject: even(parsed.subject ?? ''),
    }
  );
}

function readByPython(line: string): Read {
  const read = JSON.parse(line) as {
    readonly text: string | null;
    readonly html: string | null;
    readonly files: readonly { readonly name: string | null; readonly size: number; readonly sha256: string }[];
    readonly from: readonly string[];
    readonly to: readonly string[];
    readonly date: number | null;
    readonly subject: string;
  };
  return {
    text: even(read.text ?? ''),
    html: even(read.html ?? ''),
    files: read.files
      .map(({ name, size, sha256 }) => entry(name, size, sha256))
      .toSorted()
      .join(),
    from: read.from.slice(0, 1).join(),
    to: read.to.join(),
    date: read.date === null ? '' : new Date(read.date).toISOString(),
    subject: even(read.subject),
  };
}

function listed(found: readonly (readonly [name: string | false | undefined, content: Buffer])[]): string {
  return found
    .map(([name, content]) => entry(name, content.length, createHash('sha256').update(content).digest('hex')))
    .toSorted()
    .join();
}

function entry(name: string | false | null | undefined, size: number, sha256: string): string {
  return `${name || '-'} ${size} ${sha256.slice(0, 8)}`;
}

/** Removes differences in white space from a text, since each reader folds and ends lines differently. */
function even(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
