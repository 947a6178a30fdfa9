import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Arrival } from './authenticate.ts';

/** Reads a request in the format of API Gateway: payload format 2.0, with header names in lower case. */
export function arrivalOf(event: APIGatewayProxyEventV2): Arrival {
  const { headers = {}, body = '', isBase64Encoded, pathParameters = {}, requestContext } = event;
  return {
    key: pathParameters['key'] ?? '',
    path: pathParameters['path'] ?? '',
    sourceIp: requestContext.http.sourceIp,
    contentType: headers['content-type'] ?? '',
    headers,
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  };
}
