import type { Attempt } from '../../../lambda/providers/provider.ts';
import { calls, type Defects } from './defect.ts';

/** Defects that change the content of a mail. */
export const content: Defects = {
  'the subject is lost': {
    foundAs: ['wrong content'],
    ...calls((call, attempt) =>
      call({
        ...attempt,
        message: { ...attempt.message, subject: '' },
        mime: async () =>
          Buffer.from((await attempt.mime()).toString('latin1').replace(/^Subject: .*\r\n( .*\r\n)*/m, ''), 'latin1'),
      }),
    ),
  },
  "another mail's content is sent": {
    foundAs: ['wrong content'],
    ...mixed((before, { message }) => ({
      ...before,
      message: { ...before.message, id: message.id, handle: message.handle, headers: message.headers },
    })),
  },
  "another mail's MIME is sent": {
    foundAs: ['wrong content'],
    ...mixed(({ mime }, attempt) => ({ ...attempt, mime })),
  },
  'a reader sees who else is in Bcc': {
    foundAs: ['wrong content'],
    ...calls((call, attempt) => {
      const [hidden] = attempt.message.bcc;
      if (!hidden) return call(attempt);
      const mime = async () => Buffer.concat([Buffer.from(`Bcc: ${hidden.address}\r\n`), await attempt.mime()]);
      return call({ ...attempt, mime });
    }),
  },
  'of more than five recipients the others are forgotten': {
    foundAs: ['lost'],
    ...calls((call, attempt) => call({ ...attempt, recipients: attempt.recipients.slice(0, 5) })),
  },
  'attachments from the bucket are empty': {
    foundAs: ['wrong content'],
    ports: (ports) => ({
      ...ports,
      objects: {
        ...ports.objects,
        read: async (reference, maxBytes) =>
          reference.key.includes('attachments') ? Buffer.alloc(0) : ports.objects.read(reference, maxBytes),
      },
    }),
  },
  'the address for answers is lost': {
    foundAs: ['wrong content'],
    ...calls((call, attempt) => call({ ...attempt, message: { ...attempt.message, replyTo: [] } })),
  },
  'the handle is not that of the submission': {
    foundAs: ['wrong content', 'unknown handle'],
    ...calls((call, attempt) => call({ ...attempt, message: { ...attempt.message, handle: 'x'.repeat(43) } })),
  },
};

/** Changes each call to a provider: `mix` gets the previous call of the same process and this call, and returns the call to make. */
function mixed(mix: (before: Attempt, attempt: Attempt) => Attempt): Pick<Defects[string], 'ports'> {
  return {
    ports: (ports) => {
      let before: Attempt | undefined;
      return {
        ...ports,
        call: (provider, attempt) => {
          const wrong = before && before.message.id !== attempt.message.id ? mix(before, attempt) : attempt;
          before = attempt;
          return ports.call(provider, { ...wrong, recipients: attempt.recipients });
        },
      };
    },
  };
}
