import type * as z from 'zod/mini';

type Issue = z.core.$ZodIssue;

const MAX_ISSUES = 3;

/** Puts what is wrong with a body into words: the field, the shape of what was given, what would be right. */
export function explain(issues: readonly Issue[], root: unknown): string {
  const sentences = issues.slice(0, MAX_ISSUES).map((issue) => sentence(issue, root, []));
  const more = issues.length - sentences.length;
  return sentences.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

function sentence(issue: Issue, root: unknown, base: readonly PropertyKey[]): string {
  const path = [...base, ...issue.path];
  if (issue.code === 'invalid_union') {
    // The branch of the right type tells more than "none of these".
    const branch = issue.errors.find(([first]) => first && !(first.code === 'invalid_type' && first.path.length === 0));
    if (branch?.[0]) return sentence(branch[0], root, path);
  }
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.slice(0, MAX_ISSUES).map((key) => fieldName([...path, key]));
    return `${names.join(', ')}: unknown field; expected only the fields of the schema`;
  }
  if (issue.code === 'invalid_key') return `${fieldName(path)}: a refused name; expected ${issue.issues[0]?.message}`;
  return `${fieldName(path)}: given ${shapeOf(valueAt(root, path))}; expected ${issue.message}`;
}

/** `to[0].address`; a name that could itself be content is told by its length. */
export function fieldName(path: readonly PropertyKey[]): string {
  let name = '';
  for (const part of path) {
    if (typeof part === 'number') name += `[${part}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_-]{0,39}$/.test(String(part))) name += `${name && '.'}${String(part)}`;
    else name += `${name && '.'}(a name of ${String(part).length} characters)`;
  }
  return name || 'the message';
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/** Tells a value by type and size, never by content. */
export function shapeOf(value: unknown): string {
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
