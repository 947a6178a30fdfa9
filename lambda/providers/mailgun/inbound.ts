import { createHash } from 'node:crypto';
import { parsePosted } from '../../contract/json-bounds.ts';
import { readForm } from '../../mail/form.ts';
import type { Authentication, InboundModule, InboundRequest, Posted } from '../inbound.ts';
import { type FormView, isOwnName, viewOf } from './form-view.ts';
import { readPosted } from './posted.ts';
import { formHash, type Signature, signatureProblem } from './signature.ts';
import { storage } from './storage.ts';

/** Requests of Mailgun's routes: forward() in both forms, and store(notify). */
export const inbound: InboundModule = {
  authenticate(request, secret, now) {
    const form = readForm(request.contentType, request.body, isOwnName);
    if (form === undefined) return authenticateJson(request, secret, now);
    const view = viewOf(form);
    let refused: Authentication = { kind: 'refused', reason: 'missing' };
    for (const signature of signaturesOf(view)) {
      const reason = signatureProblem(signature, secret, now);
      if (reason === undefined)
        return {
          kind: 'genuine',
          once: { token: signature.token, content: formHash(form) },
          read: () => readPosted(view, Number(signature.timestamp) * 1000),
        };
      refused = { kind: 'refused', reason };
    }
    return refused;
  },
  storage,
};

/** More than one value occurs only if the mail has headers of these names, which Mailgun posts among its own fields. */
const MOST_CANDIDATES = 3;

function* signaturesOf(view: FormView): Generator<Signature> {
  const candidates = (name: string) => view.all(name).slice(0, MOST_CANDIDATES).map(String);
  let any = false;
  for (const timestamp of candidates('timestamp'))
    for (const token of candidates('token'))
      for (const signature of candidates('signature')) {
        any = true;
        yield { timestamp, token, signature };
      }
  // Without a signature an empty one is checked, so that a missing key is reported before a missing signature.
  if (!any) yield { timestamp: '', token: '', signature: '' };
}

/** Event webhooks are JSON with the signature inside. A genuine one here was sent to the wrong address. */
function authenticateJson(
  request: InboundRequest,
  secret: Parameters<InboundModule['authenticate']>[1],
  now: number,
): Authentication {
  let given: unknown;
  try {
    given = parsePosted(request.body);
  } catch {
    return { kind: 'refused', reason: 'missing' };
  }
  const { signature: block, 'event-data': event } = (given ?? {}) as { signature?: unknown; 'event-data'?: unknown };
  const { timestamp, token, signature } = (block ?? {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
  const reason = signatureProblem(
    { timestamp: text(timestamp), token: text(token), signature: text(signature) },
    secret,
    now,
  );
  if (reason !== undefined) return { kind: 'refused', reason };
  const posted: Posted =
    event === undefined ? { kind: 'unreadable', detail: 'JSON, which no route posts' } : { kind: 'event' };
  return {
    kind: 'genuine',
    once: { token: text(token), content: createHash('sha256').update(request.body).digest('base64url') },
    read: () => posted,
  };
}
