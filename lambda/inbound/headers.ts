export type Headers = readonly (readonly [name: string, value: string])[];

/** All values of a header, in order; the name is in lower case. */
export function valuesOf(headers: Headers, name: string): readonly string[] {
  const known = byName.get(headers) ?? grouped(headers);
  byName.set(headers, known);
  return known.get(name) ?? [];
}

/** Index by name: a mail may have as many headers as a form has fields, and some thirty names are looked up. */
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
