import { readForm } from '../../mail/form.ts';
import type { InboundModule, Posted } from '../inbound.ts';
import type { Refusal } from '../webhook.ts';
import { type FormView, isOwnName, viewOf } from './form-view.ts';
import { readPosted } from './posted.ts';
import { authenticateJson, formHash, type Signature, signatureProblem } from './signature.ts';
import { storage } from './storage.ts';

/** Authenticates and reads the requests of Mailgun's routes: `forward()` with a parsed mail or raw MIME, and `store(notify)`. */
export const inbound: InboundModule = {
  authenticate(request, secret, now) {
    const form = readForm(request.contentType, request.body, isOwnName);
    if (form === undefined) return authenticateJson(request, secret, now, misdirected);
    const view = viewOf(form);
    let refused: Refusal = { kind: 'refused', reason: 'missing' };
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

/**
 * Largest number of values that are tried for each field of the signature. A field has several values only if a header of the
 * mail has the same name.
 */
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
  // If there is no signature, an empty signature is checked. If a key is missing too, the missing key is then reported.
  if (!any) yield { timestamp: '', token: '', signature: '' };
}

/**
 * Returns the content of an authenticated JSON request. No route of Mailgun posts JSON, so the request is either an event that
 * was posted to the wrong URL, or unreadable.
 */
function misdirected(posted: Readonly<Record<string, unknown>>): Posted {
  return posted['event-data'] === undefined
    ? { kind: 'unreadable', detail: 'JSON, which no route posts' }
    : { kind: 'event' };
}
