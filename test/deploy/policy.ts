/** A policy document of IAM. */
export interface Policy {
  readonly Statement: readonly Statement[] | Statement;
}

type Values = string | readonly string[];

interface Statement {
  readonly Effect: string;
  readonly Action?: Values;
  readonly NotAction?: Values;
  readonly Resource?: Values;
  readonly NotResource?: Values;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, Values | boolean>>>>;
}

/** One request that IAM allows or refuses: one action on one resource. */
export interface Request {
  readonly action: string;
  readonly resource: string;
  /** Values of the condition keys that the request has. Other keys are absent. */
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Returns whether the identity policies of a role allow a request: at least one statement allows the request, and no statement
 * denies it. Resource policies, permissions boundaries and service control policies are not considered (IAM user guide, "Policy
 * evaluation logic", 2026-11-29).
 *
 * @throws Error for a condition operator that this function does not know, so that no unknown condition counts as true
 */
export function allows(policies: readonly Policy[], request: Request): boolean {
  const statements = policies.flatMap(({ Statement }) => list(Statement)).filter((one) => applies(one, request));
  return statements.some(({ Effect }) => Effect === 'Allow') && !statements.some(({ Effect }) => Effect === 'Deny');
}

function applies(statement: Statement, { action, resource, context = {} }: Request): boolean {
  const { Action, NotAction, Resource, NotResource, Condition = {} } = statement;
  const named = Action ? some(Action, action, true) : !some(NotAction ?? [], action, true);
  const meant = Resource ? some(Resource, resource) : NotResource !== undefined && !some(NotResource, resource);
  return (
    named &&
    meant &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(operator, context[key], list(wanted).map(String))),
    )
  );
}

/**
 * Returns whether one condition is true. `given` has the values of the condition key in the request. If the request does not have
 * this key, `given` is undefined.
 */
function holds(operator: string, given: readonly string[] | undefined, wanted: readonly string[]): boolean {
  if (operator === 'Null') return wanted.includes(String(given === undefined));
  const [, set, name = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const compare = COMPARISONS[name];
  if (compare === undefined) throw new Error(`the operator ${operator} of IAM is not known here`);
  const negated = name.includes('Not');
  if (given === undefined)
    return set === 'ForAllValues' || ifExists !== undefined || (negated && set !== 'ForAnyValue');
  const one = (value: string) => wanted.some((pattern) => compare(pattern, value)) !== negated;
  return set === 'ForAllValues' ? given.every(one) : given.some(one);
}

const COMPARISONS: Readonly<Record<string, (pattern: string, value: string) => boolean>> = {
  StringEquals: (pattern, value) => pattern === value,
  StringNotEquals: (pattern, value) => pattern === value,
  StringLike: (pattern, value) => matches(pattern, value),
  StringNotLike: (pattern, value) => matches(pattern, value),
  ArnLike: (pattern, value) => matches(pattern, value),
  ArnEquals: (pattern, value) => matches(pattern, value),
  Bool: (pattern, value) => pattern === value,
};

function some(patterns: Values, value: string, ignoreCase = false): boolean {
  return list(patterns).some((pattern) =>
    ignoreCase ? matches(pattern.toLowerCase(), value.toLowerCase()) : matches(pattern, value),
  );
}

/** Compares a value with a pattern that has IAM's wildcards: `*` stands for any text, and `?` for one character. */
function matches(pattern: string, value: string): boolean {
  const expression = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(value);
}

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
