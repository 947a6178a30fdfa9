export type Headers = readonly (readonly [name: string, value: string])[];

/** Returns all values of the headers with this name, in the order of the mail. `name` must be in lower case. */
export function valuesOf(headers: Headers, name: string): readonly string[] {
  const known = byName.get(headers) ?? grouped(headers);
  byName.set(headers, known);
  return known.get(name) ?? [];
}

/**
 * Index of the headers of each mail by name. The index saves time: some thirty names are looked up, and a malicious mail may
 * have thousands of headers.
 */
const byName = new WeakMap<Headers, ReadonlyMap<string, readonly string[]>>();

function grouped(headers: Headers): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}
