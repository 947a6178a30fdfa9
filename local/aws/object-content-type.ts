import type { buildApp } from 'fauxqs';
import { awsCall } from './operation.ts';

type App = ReturnType<typeof buildApp>;

/**
 * Lets an S3 object have any content type: fauxqs takes the body of a PUT for a call of the Query API when it is
 * `application/x-www-form-urlencoded`, and stores what it made of it.
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
