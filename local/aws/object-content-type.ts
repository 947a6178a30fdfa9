import type { buildApp } from 'fauxqs';
import { awsCall } from './operation.ts';

type App = ReturnType<typeof buildApp>;

/**
 * Allows any content type of an S3 object: fauxqs parses the body of a PUT as a call of the Query API if it is
 * `application/x-www-form-urlencoded`, and stores the result.
 */
export function addObjectContentTypes(app: App): void {
  const given = new WeakMap<object, string>();
  app.addHook('onRequest', async (request) => {
    const type = request.headers['content-type'];
    if (request.method !== 'PUT' || type === undefined || awsCall(request)?.service !== 's3') return;
    given.set(request.raw, type);
    request.headers['content-type'] = 'application/octet-stream';
  });
  app.addHook('preValidation', async (request) => {
    const type = given.get(request.raw);
    if (type !== undefined) request.headers['content-type'] = type;
  });
}
