import type * as z from 'zod/mini';

type Issue = z.core.$ZodIssue;

const MAX_ISSUES = 3;

/** Describes the faults in a message body. For each fault, states the field, the shape of the given value, and the expected value. */
export function describeProblem(issues: readonly Issue[], root: unknown): string {
  const isHarmless = (name: string) => isWord(name) && (name.length < SHORT || !isSaidIn(root, name.toLowerCase()));
  const sentences = issues.slice(0, MAX_ISSUES).map((issue) => sentence(issue, root, [], isHarmless));
  const more = issues.length - sentences.length;
  return sentences.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

function sentence(issue: Issue, root: unknown, base: readonly PropertyKey[], isHarmless: IsHarmless): string {
  const path = [...base, ...issue.path];
  if (issue.code === 'invalid_union') {
    // If the value has the type of one alternative, the error of this alternative is more exact than the error of the union.
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

/** Whether a field name that is not in the schema may appear in the `detail` of a dead letter. */
type IsHarmless = (name: string) => boolean;

/** Pattern of identifiers in programs and headers. Text of any other form may contain an address, a code or a person's name. */
const IDENTIFIER = /^(?=.{1,40}$)[A-Za-z]+([_-][A-Za-z]+)*$/;
const isWord = (name: string) => IDENTIFIER.test(name);
/** A field name with fewer characters than this reveals nothing. */
const SHORT = 4;

/**
 * Returns a function that checks whether a field name is harmless, for a JSON text that was not parsed. A name is harmless if it has
 * the form of an identifier, and if it is shorter than `SHORT` or the text contains it only as a field name.
 */
export function harmlessIn(text: Buffer): IsHarmless {
  return (name) => {
    if (!isWord(name) || name.length < SHORT) return isWord(name);
    const others = text.toString('utf8').replace(new RegExp(`"${name}"\\s*:`, 'g'), '');
    return !others.toLowerCase().includes(name.toLowerCase());
  };
}

/**
 * Returns the path of a field as text, such as `to[0].address`. A name that is not in the schema may contain any text. Therefore
 * such a name is replaced by its length unless `isHarmless` accepts the name.
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

/** Whether any string in the body contains `words`, in any letter case. */
function isSaidIn(value: unknown, words: string): boolean {
  if (typeof value === 'string') return value.toLowerCase().includes(words);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((one) => isSaidIn(one, words));
}

/** All field names of a submission, and of a pointer to a submission in a bucket. */
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

/** Describes the type and size of a value, but never its content. */
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
