import type { buildApp } from 'fauxqs';
import { awsCall } from './operation.ts';

type App = ReturnType<typeof buildApp>;

/**
 * Allows any content type of an S3 object. Without this function, fauxqs (the local AWS emulator) would parse the body of a PUT
 * request with the type `application/x-www-form-urlencoded` as a call of the AWS Query API. fauxqs would then store the parsed
 * form as the object instead of the body.
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
