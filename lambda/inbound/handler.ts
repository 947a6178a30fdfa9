import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { decodeInboundEnvironment } from '../contract/inbound-environment.ts';

const environment = decodeInboundEnvironment(process.env);

/** Takes received mail from a provider. */
export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const known = environment.providers.some(({ key }) => key === event.pathParameters?.['key']);
  return { statusCode: known ? 500 : 404, body: '' };
}
