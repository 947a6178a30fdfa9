/** Properties of a resource of a template, after its intrinsic functions were evaluated. */
export type Properties = Readonly<Record<string, unknown>>;

/** Calls `read` with the properties and the name of every resource of the given type, and returns the results of `read`. */
export type EachResource = <T>(type: string, read: (properties: Properties, name: string) => T) => T[];
