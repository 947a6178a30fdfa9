/**
 * Removes the index signature of an open object type, so that code which writes a message is limited to the defined
 * fields.
 */
export type Closed<T> = T extends readonly [infer A, infer B]
  ? readonly [A, B]
  : T extends readonly (infer E)[]
    ? readonly Closed<E>[]
    : T extends Readonly<Record<string, string>>
      ? T
      : T extends object
        ? { readonly [K in keyof T as string extends K ? never : K]: Closed<T[K]> }
        : T;
