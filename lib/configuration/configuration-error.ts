import type { z } from 'zod';

/** A configuration that must not be deployed; the message names every fault with index, key and reason. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * Runs all checks and reports the faults of all of them at once.
 *
 * @throws ConfigurationError
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

/** A sentence about what a schema refused: the field, and what it must be. */
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
