/** The type `T`, in which each field whose type includes `undefined` is an optional field without `undefined`. */
type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Returns a copy of an object without the keys whose value is undefined. The order of the keys is kept. */
export function defined<const T extends object>(fields: T): Defined<T> {
  const kept: Partial<T> = {};
  for (const key in fields) if (fields[key] !== undefined) kept[key] = fields[key];
  return kept as Partial<T> & Defined<T>;
}
