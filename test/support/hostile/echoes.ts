import { simulatedType } from '../../../local/simulators/registry.ts';
import { RARE_SPELLINGS, SPELLINGS } from '../spellings.ts';
import type { Pick } from './submissions.ts';

/** Texts of a mail. They must not be logged. */
export const PLANTED = {
  from: 'plantedhector@plantedshop.example.com',
  to: 'plantedada+vip@plantedb-zoa.example.org',
  cc: 'plantedcc@plantedbücher.example.net',
  fromName: 'Plantedhector Shop',
  toName: 'Ada Plantedlace',
  subject: 'Plantedcode 471188 für Zoë',
  word: 'Plantedgwen',
  header: 'Plantedorder-77',
  file: 'plantedfile.pdf',
  metadata: 'plantedmeta',
};

/** A valid submission whose fields contain the words of `PLANTED`. */
export function plantedMail(place: number, pick: Pick) {
  return {
    version: 1,
    id: `echoed-${place}`,
    class: pick(['payslips', 'login-codes', 'news']),
    from: { name: PLANTED.fromName, address: PLANTED.from },
    to: [{ name: PLANTED.toName, address: PLANTED.to }],
    cc: [PLANTED.cc],
    subject: PLANTED.subject,
    text: `Dear ${PLANTED.word}, your PIN is 9917-PLANTED.`,
    headers: { 'X-Order': PLANTED.header },
    attachments: [{ filename: PLANTED.file, contentType: 'application/pdf', content: 'eA==' }],
    metadata: { order: PLANTED.metadata },
    onUnknown: pick(['ask', 'failover']),
  };
}

/** Returns each of the texts in every spelling of `SPELLINGS` and `RARE_SPELLINGS`. */
export function spelled(texts: readonly string[]): readonly string[] {
  return Object.values({ ...SPELLINGS, ...RARE_SPELLINGS }).flatMap((spell) => texts.map((text) => spell(text)));
}

/**
 * Returns faults for a simulated provider. Its answer to a mail of `plantedMail` repeats a text of the mail, or of the provider's
 * secret, in one of all spellings. About a third of the mails is accepted without a fault.
 */
export function echoes(type: string, secret: readonly string[], pick: Pick): readonly object[] {
  const said = spelled([...Object.values(PLANTED), ...secret]);
  return said.map((value, place) => {
    // For each mail, the simulator uses the first fault that applies. Later faults get a higher rate, so that every fault is used
    // equally often.
    const rate = 0.66 / (said.length - 0.66 * place);
    if (simulatedType(type).protocol === 'http')
      return { ...answerWith(place, value, pick), rate, match: PLANTED.header };
    const reply = `${pick(['550 5.1.1', '451 4.7.1', '554 5.7.1', '550 5.7.26'])} ${value.replace(/[\r\n]/g, ' ')} is not welcome`;
    // An SMTP server can repeat only text that it has received. Therefore the fault applies to the command that contains an
    // address of the mail.
    const [stage, match] = pick([['mail', PLANTED.from] as const, ['rcpt', PLANTED.to] as const]);
    return { smtp: { stage, reply }, rate, match };
  });
}

function answerWith(place: number, value: string, pick: Pick): object {
  const words = `cannot take: ${value}, sorry`;
  const json = { 'content-type': 'application/json' };
  switch (place % 5) {
    case 0:
      return { respond: { status: 500, body: words } };
    case 1:
      return { respond: { status: 403, headers: { 'content-type': 'text/html' }, body: `<html><p>${words}</html>` } };
    case 2:
      return {
        respond: {
          status: 429,
          headers: { ...json, 'retry-after': '1' },
          body: JSON.stringify({ message: words, Message: words }),
        },
      };
    default: {
      const name = { 'x-amzn-errortype': pick(['MessageRejected', 'BadRequestException']) };
      // The body has the error fields of all provider types. The code of each provider type reads only its own fields.
      const body = {
        ErrorCode: pick([300, 422, 500, 901]),
        Message: words,
        message: words,
        errors: [{ message: words }],
      };
      return { respond: { status: pick([400, 422]), headers: { ...json, ...name }, body: JSON.stringify(body) } };
    }
  }
}
