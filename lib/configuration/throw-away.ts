import { CfnResource, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { ConfigurationError } from './configuration-error.ts';

/**
 * @throws ConfigurationError if `throwAway` is true in the stage `live`, since deleting the stack would then delete real mail
 */
export function checkThrowAway(throwAway = false, stage = 'sandbox'): void {
  if (throwAway && stage === 'live')
    throw new ConfigurationError(['throwAway: is not allowed in the stage `live`, whose queues have real mail']);
}

/** Changes all resources within a construct so that they are deleted with the stack. */
export function deleteWithStack(construct: Construct): void {
  for (const resource of construct.node.findAll()) {
    if (CfnResource.isCfnResource(resource) && resource.cfnOptions.deletionPolicy !== undefined)
      resource.applyRemovalPolicy(RemovalPolicy.DESTROY);
  }
}
