import { CfnResource, type IResolvable, Reference, StringConcat, Tokenization } from 'aws-cdk-lib/core';
import { ConfigurationError } from '../configuration/configuration-error.ts';

/** Lambda's limit for the names and values of all variables together (docs.aws.amazon.com/lambda, quotas, 2026-11-23). */
const MAX_BYTES = 4096;

/** Length of the longest name, URL or ARN of a resource, which is known at the deployment only. */
const LONGEST: Readonly<Record<string, number>> = {
  'AWS::SES::ConfigurationSet': 64,
  // A queue URL: the region's host, the account, and a queue name of 80 characters. An ARN is shorter.
  'AWS::SQS::Queue': 'https://sqs.ap-southeast-99.amazonaws.com.cn/123456789012/'.length + 80,
  'AWS::S3::Bucket': 63,
  // The secret of the proof key: CloudFormation names it after the stack and the resource.
  'AWS::SecretsManager::Secret': 'arn:aws-cn:secretsmanager:ap-southeast-99:123456789012:secret:-AbCdEf'.length + 64,
  'AWS::DynamoDB::GlobalTable': 255,
  'AWS::ApiGatewayV2::Api': 'https://abcdefghij.execute-api.ap-southeast-99.amazonaws.com.cn'.length,
};

/**
 * Refuses an environment that Lambda might refuse later, in the middle of a deployment; `variables` may hold tokens.
 *
 * @throws ConfigurationError
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
      `${functionName}: it may need ${bytes} bytes of environment, and a Lambda function has ${MAX_BYTES}: ${remedy}`,
    ]);
}

/** A text with every token replaced by as many characters as its value may have. */
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
