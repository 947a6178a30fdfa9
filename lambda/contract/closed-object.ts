/**
 * Removes the index signature of an object type that allows further fields. Code that writes a message of the resulting type
 * can set only the defined fields.
 */
export type ClosedObject<T> = T extends readonly [infer A, infer B]
  ? readonly [A, B]
  : T extends readonly (infer E)[]
    ? readonly ClosedObject<E>[]
    : T extends Readonly<Record<string, string>>
      ? T
      : T extends object
        ? { readonly [K in keyof T as string extends K ? never : K]: ClosedObject<T[K]> }
        : T;
