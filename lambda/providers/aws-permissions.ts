/** The parts of an ARN. Without `region`, the ARN has the region of the stack. */
export interface AwsResource {
  readonly service: string;
  readonly region?: string | undefined;
  readonly resource: string;
  /** Name of the resource; `*` stands for all resources of this kind. */
  readonly name: string;
}

/**
 * IAM permissions that a provider type needs in the roles of the Lambda functions. Only a type whose requests are signed with the
 * role, and not with a secret, needs such permissions.
 */
export interface AwsPermissions<Options> {
  /** Permissions of the Lambda functions that send mail. */
  send(options: Options): {
    readonly actions: readonly string[];
    /**
     * Resources to which the actions apply. Each resource is a complete ARN, or the parts from which the deployment builds an
     * ARN.
     */
    readonly resources: readonly (AwsResource | string)[];
    readonly conditions?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  };
  /** Reason why a resource of `send` has the name `*`. The report of cdk-nag shows this text. */
  readonly anyResource: string;
  /**
   * Permissions of the health check. IAM has no resource types for these actions, so they are limited to `region` (by default the
   * region of the stack).
   */
  health(options: Options): { readonly actions: readonly string[]; readonly region?: string | undefined };
  /** Reason why the permissions in `health` and `ownList` name no resource. The report of cdk-nag shows this text. */
  readonly noResource: string;
  /**
   * Permissions of the Lambda function that synchronises the provider's own suppression list. As in `health`, the actions are
   * limited to a region.
   */
  ownList?(options: Options): { readonly actions: readonly string[]; readonly region?: string | undefined };
}
