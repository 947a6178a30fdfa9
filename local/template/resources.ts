/** Properties of a resource, intrinsic functions evaluated. */
export type Properties = Readonly<Record<string, unknown>>;

/** Reads every resource of a type, given its properties and its name. */
export type EachResource = <T>(type: string, read: (properties: Properties, name: string) => T) => T[];
