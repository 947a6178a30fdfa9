import { CfnResource, type IResolvable, Reference, StringConcat, Tokenization } from 'aws-cdk-lib/core';
import { ConfigurationError } from '../configuration/configuration-error.ts';

/**
 * Largest total size that Lambda allows for the names and values of all environment variables (docs.aws.amazon.com/lambda,
 * quotas, 2026-11-23).
 */
const MAX_BYTES = 4096;

/**
 * Greatest possible length of the name, URL or ARN of a resource, by type of resource. The value itself is known only at the
 * deployment.
 */
const LONGEST: Readonly<Record<string, number>> = {
  'AWS::SES::ConfigurationSet': 64,
  // A queue URL has the host of the region, the account, and a queue name of up to 80 characters. The ARN of a queue is shorter.
  'AWS::SQS::Queue': 'https://sqs.ap-southeast-99.amazonaws.com.cn/123456789012/'.length + 80,
  'AWS::S3::Bucket': 63,
  // CloudFormation generates the name of this secret from the names of the stack and of the resource.
  'AWS::SecretsManager::Secret': 'arn:aws-cn:secretsmanager:ap-southeast-99:123456789012:secret:-AbCdEf'.length + 64,
  'AWS::DynamoDB::GlobalTable': 255,
  'AWS::ApiGatewayV2::Api': 'https://abcdefghij.execute-api.ap-southeast-99.amazonaws.com.cn'.length,
};

/**
 * Refuses environment variables that could be too large for Lambda; otherwise Lambda would refuse them in the middle of a
 * deployment. `variables` may contain CDK tokens.
 *
 * @throws ConfigurationError if the environment variables may become larger than Lambda allows
 */
export function checkEnvironmentSize(
  functionName: string,
  variables: Readonly<Record<string, string>>,
  remedy: string,
): void {
  const bytes = Object.entries(variables).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(atItsLongest(value)),
    0,
  );
  if (bytes > MAX_BYTES)
    throw new ConfigurationError([
      `${functionName}: the environment variables of the function may need ${bytes} bytes, and Lambda allows ${MAX_BYTES}: ${remedy}`,
    ]);
}

/**
 * Returns the text, in which each CDK token is replaced by a text of the greatest length that the value of the token can have.
 */
function atItsLongest(value: string): string {
  const fragments = Tokenization.reverseString(value).mapTokens({ mapToken: (token) => 'x'.repeat(longestOf(token)) });
  return String(fragments.join(new StringConcat()) ?? '');
}

function longestOf(token: IResolvable): number {
  const target = Reference.isReference(token) ? token.target : undefined;
  const type = target && CfnResource.isCfnResource(target) ? target.cfnResourceType : String(token);
  const longest = LONGEST[type];
  if (longest === undefined)
    throw new Error(`the longest value of ${type} in an environment is not known: add it here`);
  return longest;
}
