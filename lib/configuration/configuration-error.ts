import type { z } from 'zod';

/**
 * An error for a configuration that must not be deployed. The message names every fault with its reason. For a fault in a list,
 * it also has the index of the entry, and the key of the provider or the class of mail.
 */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * Runs all checks, and reports the faults that all checks found in a single error.
 *
 * @throws ConfigurationError if a check found a fault
 */
export function runChecks(checks: readonly (() => void)[]): void {
  const problems = checks.flatMap((check) => {
    try {
      check();
      return [];
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      return error.problems;
    }
  });
  if (problems.length > 0) throw new ConfigurationError(problems);
}

/** Returns a text about a value that a schema refused: the name of the field, and what the value must be. */
export function describeIssue({ path, message }: z.core.$ZodIssue): string {
  const [, expected, received] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
  const problem =
    expected === undefined
      ? message
      : received === 'undefined'
        ? `is missing; it must be ${withArticle(expected)}`
        : `is ${withArticle(received ?? '')}; it must be ${withArticle(expected)}`;
  return [path.join('.'), problem].filter(Boolean).join(': ');
}

function withArticle(type: string): string {
  if (type === 'null' || type === 'undefined') return type;
  return `${/^[aeio]/.test(type) ? 'an' : 'a'} ${type}`;
}
