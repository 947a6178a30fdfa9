import type * as z from 'zod/mini';

type Issue = z.core.$ZodIssue;

const MAX_ISSUES = 3;

/** Describes what is wrong with a body: the field, the shape of the given value, and what would be right. */
export function describeProblem(issues: readonly Issue[], root: unknown): string {
  const isHarmless = (name: string) => isWord(name) && (name.length < SHORT || !isSaidIn(root, name.toLowerCase()));
  const sentences = issues.slice(0, MAX_ISSUES).map((issue) => sentence(issue, root, [], isHarmless));
  const more = issues.length - sentences.length;
  return sentences.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

function sentence(issue: Issue, root: unknown, base: readonly PropertyKey[], isHarmless: IsHarmless): string {
  const path = [...base, ...issue.path];
  if (issue.code === 'invalid_union') {
    // The error of the branch with the type of the given value explains more than "none of these".
    const branch = issue.errors.find(([first]) => first && !(first.code === 'invalid_type' && first.path.length === 0));
    if (branch?.[0]) return sentence(branch[0], root, path, isHarmless);
  }
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.slice(0, MAX_ISSUES).map((key) => fieldName([...path, key], isHarmless));
    return `${names.join(', ')}: unknown field; expected only the fields of the schema`;
  }
  if (issue.code === 'invalid_key')
    return `${fieldName(path, isHarmless)}: a refused name; expected ${issue.issues[0]?.message}`;
  return `${fieldName(path, isHarmless)}: given ${describeShape(valueAt(root, path))}; expected ${issue.message}`;
}

/** Whether a name outside of the schema may appear in a detail. */
type IsHarmless = (name: string) => boolean;

/** Words as used for names by programs and headers; any other name may contain an address, a code or a person's name. */
const IDENTIFIER = /^(?=.{1,40}$)[A-Za-z]+([_-][A-Za-z]+)*$/;
const isWord = (name: string) => IDENTIFIER.test(name);
/** Names shorter than this reveal nothing. */
const SHORT = 4;

/** Finds harmless names in a text that is not parsed: words that appear nowhere else in it. */
export function harmlessIn(text: Buffer): IsHarmless {
  return (name) => {
    if (!isWord(name) || name.length < SHORT) return isWord(name);
    const others = text.toString('utf8').replace(new RegExp(`"${name}"\\s*:`, 'g'), '');
    return !others.toLowerCase().includes(name.toLowerCase());
  };
}

/**
 * Name of a field, such as `to[0].address`. A name outside of the schema may contain anything, so it is replaced by its
 * length unless it is known to be harmless.
 */
export function fieldName(path: readonly PropertyKey[], isHarmless: IsHarmless = () => false): string {
  let name = '';
  for (const part of path) {
    const text = String(part);
    if (typeof part === 'number') name += `[${part}]`;
    else if (FIELDS.has(text) || text === '__proto__' || isHarmless(text)) name += `${name && '.'}${text}`;
    else name += `${name && '.'}(a name of ${text.length} characters)`;
  }
  return name || 'the message';
}

/** Whether a text anywhere in the body contains these words. */
function isSaidIn(value: unknown, words: string): boolean {
  if (typeof value === 'string') return value.toLowerCase().includes(words);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((one) => isSaidIn(one, words));
}

/** All field names of a submission and a pointer. */
export const FIELDS: ReadonlySet<string> = new Set(
  (
    'version id class from to cc bcc replyTo name address subject text html headers attachments filename contentType content ' +
    'contentId s3 bucket key tracking opens clicks calendar method tag metadata unsubscribe url mailto expiresAt onUnknown ' +
    'supersedes providers only except'
  ).split(' '),
);

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/** Describes a value by type and size, never by content. */
export function describeShape(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return `a string of ${value.length} character${value.length === 1 ? '' : 's'}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') {
    const size = Object.keys(value).length;
    return `an object of ${size} field${size === 1 ? '' : 's'}`;
  }
  return `a ${typeof value}`;
}
