/** A resource of AWS, in the region of the stack by default. */
export interface AwsResource {
  readonly service: string;
  readonly region?: string | undefined;
  readonly resource: string;
  /** `*` for all resources of this kind. */
  readonly name: string;
}

/** Permissions of a function's role, for a type that authenticates by it instead of a secret. */
export interface AwsPermissions<Options> {
  /** Permissions of the functions that send. */
  send(options: Options): {
    readonly actions: readonly string[];
    /** Resources that the actions apply to: parts of an ARN, which is completed at deployment, or a whole ARN. */
    readonly resources: readonly (AwsResource | string)[];
    readonly conditions?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  };
  /** Why a resource of `send` has the name `*`. */
  readonly anyResource: string;
  /** Permissions of the health check: actions without resource types, limited to a region. */
  health(options: Options): { readonly actions: readonly string[]; readonly region?: string | undefined };
  /** Why the actions of `health` and `ownList` have no resource. */
  readonly noResource: string;
  /** Permissions of the function that keeps the provider's own list: actions without resource types, limited to a region. */
  ownList?(options: Options): { readonly actions: readonly string[]; readonly region?: string | undefined };
}
