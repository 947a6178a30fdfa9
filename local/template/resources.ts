/** Properties of a resource of a template, with evaluated intrinsic functions. */
export type Properties = Readonly<Record<string, unknown>>;

/** Calls `read` with the properties and the name of every resource of a type, and returns the results. */
export type EachResource = <T>(type: string, read: (properties: Properties, name: string) => T) => T[];
