import { type JsonObject, jsonObject } from '../../aws/json-object.ts';
import type { DeployedMetricFilter } from '../../template/metric-filters.ts';
import type { Datum } from './metric.ts';

type Test = (fields: JsonObject) => boolean;

/** A metric filter of a log group, after its pattern was parsed. */
export interface LogFilter {
  readonly logGroup: string;
  /**
   * Returns the value that a matching line adds to the metric; undefined for any other line. `at` is the time of the line in
   * epoch milliseconds, by the clock of the local stack.
   */
  read(line: string, at: number): Datum | undefined;
}

/** Parses a metric filter. Throws on a pattern that the local stack does not support. */
export function compileLogFilter({ logGroup, pattern, namespace, name, value }: DeployedMetricFilter): LogFilter {
  const matches = new Pattern(pattern).compile();
  return {
    logGroup,
    read(line, at) {
      const fields = jsonObject(line);
      if (fields === undefined || !matches(fields)) return undefined;
      return { metric: { namespace, name, dimensions: {} }, at, values: [value] };
    },
  };
}

const TOKEN = /\s*(&&|\|\||!=|[{}()=]|\$\.\w+|"(?:[^"\\]|\\.)*")/y;

/**
 * Parser of a filter pattern for log lines in JSON. The pattern compares top-level fields of a log line with texts. In a text,
 * `*` matches any characters ("Filter pattern syntax for metric filters", CloudWatch Logs user guide, collected 2026-11-30). `&&`
 * binds more tightly than `||`.
 */
class Pattern {
  readonly #text: string;
  readonly #tokens: string[] = [];

  constructor(text: string) {
    this.#text = text;
    const end = text.trimEnd().length;
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < end) {
      const [, token] = TOKEN.exec(text) ?? this.#refuse();
      this.#tokens.push(token ?? '');
    }
  }

  compile(): Test {
    this.#expect('{');
    const test = this.#either();
    this.#expect('}');
    return this.#tokens.length === 0 ? test : this.#refuse();
  }

  #either(): Test {
    const tests = [this.#all()];
    while (this.#has('||')) tests.push(this.#all());
    return (fields) => tests.some((test) => test(fields));
  }

  #all(): Test {
    const tests = [this.#one()];
    while (this.#has('&&')) tests.push(this.#one());
    return (fields) => tests.every((test) => test(fields));
  }

  #one(): Test {
    if (this.#has('(')) {
      const test = this.#either();
      this.#expect(')');
      return test;
    }
    const [selector = '', operator, quoted = ''] = this.#tokens.splice(0, 3);
    const isComparison = selector.startsWith('$.') && (operator === '=' || operator === '!=') && quoted.startsWith('"');
    if (!isComparison) return this.#refuse();
    const field = selector.slice(2);
    const escaped = String(JSON.parse(quoted)).replace(/[\\^$.+?()[\]{}|]/g, '\\$&');
    const wanted = new RegExp(`^${escaped.replaceAll('*', '.*')}$`, 's');
    return (fields) => field in fields && wanted.test(String(fields[field])) === (operator === '=');
  }

  #has(token: string): boolean {
    if (this.#tokens[0] !== token) return false;
    this.#tokens.shift();
    return true;
  }

  #expect(token: string): void {
    if (!this.#has(token)) this.#refuse();
  }

  #refuse(): never {
    throw new Error(`the local stack does not support the filter pattern ${this.#text}`);
  }
}
