import { readForm } from '../../mail/form.ts';
import type { InboundModule, Posted } from '../inbound.ts';
import type { Refusal } from '../webhook.ts';
import { type FormView, isOwnName, viewOf } from './form-view.ts';
import { readPosted } from './posted.ts';
import { authenticateJson, formHash, type Signature, signatureProblem } from './signature.ts';
import { storage } from './storage.ts';

/** Requests of Mailgun's routes: forward() in both forms, and store(notify). */
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

/** A genuine event here was sent to the wrong address. */
function misdirected(posted: Readonly<Record<string, unknown>>): Posted {
  return posted['event-data'] === undefined
    ? { kind: 'unreadable', detail: 'JSON, which no route posts' }
    : { kind: 'event' };
}
