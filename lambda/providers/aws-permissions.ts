/** A resource of AWS, in the region of the stack by default. */
export interface AwsResource {
  readonly service: string;
  readonly region?: string | undefined;
  readonly resource: string;
  /** `*` for all resources of this kind. */
  readonly name: string;
}

/**
 * Permissions that a provider type needs in the roles of the Lambda functions, if it authenticates by the role instead of a
 * secret.
 */
export interface AwsPermissions<Options> {
  /** Permissions of the Lambda functions that send mail. */
  send(options: Options): {
    readonly actions: readonly string[];
    /** Resources to which the actions apply. Each is a whole ARN, or the parts from which the deployment builds an ARN. */
    readonly resources: readonly (AwsResource | string)[];
    readonly conditions?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  };
  /** Why a resource of `send` has the name `*`: text for the report of cdk-nag. */
  readonly anyResource: string;
  /** Permissions of the health check. IAM has no resource types for these actions; they are limited to a region. */
  health(options: Options): { readonly actions: readonly string[]; readonly region?: string | undefined };
  /** Why the permissions in `health` and `ownList` name no resource: text for the report of cdk-nag. */
  readonly noResource: string;
  /**
   * Permissions of the Lambda function that synchronises the provider's own suppression list. They have the same form as
   * `health`.
   */
  ownList?(options: Options): { readonly actions: readonly string[]; readonly region?: string | undefined };
}
