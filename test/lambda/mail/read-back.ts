import type { Mailbox } from '../../../lambda/mail/message.ts';

const ENCODED_WORD = /^=\?UTF-8\?B\?([A-Za-z0-9+/]+=*)\?=$/;

/** Reads one formatted mailbox strictly by RFC 5322 and RFC 2047; throws for any other syntax. */
export function readMailbox(text: string): Mailbox {
  const quoted = /^"((?:[ !#-[\]-~]|\\[ -~])*)" <([^<>]+)>$/.exec(text);
  if (quoted) return { name: quoted[1]?.replace(/\\(.)/g, '$1') ?? '', address: quoted[2] ?? '' };
  const encoded = /^(=\?.*\?=) <([^<>]+)>$/.exec(text);
  if (encoded) return { name: readEncodedWords(encoded[1] ?? ''), address: encoded[2] ?? '' };
  if (!/^[^\s<>]+@[^\s<>@]+$/.test(text)) throw new Error(`neither a name and an address nor a bare address: ${text}`);
  return { address: text };
}

/** Decodes each encoded-word separately, so that an encoded-word with half a character causes an error. */
export function readEncodedWords(text: string): string {
  return text
    .split(' ')
    .map((word) => {
      const base64 = ENCODED_WORD.exec(word)?.[1];
      if (!base64 || word.length > 75) throw new Error(`not an encoded-word: ${word}`);
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, 'base64'));
    })
    .join('');
}

/** Returns the unfolded header fields of a MIME message, in order. */
export function headerFields(mime: Buffer): [name: string, value: string][] {
  const block = mime.subarray(0, mime.indexOf('\r\n\r\n')).toString();
  return block
    .replace(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
    .map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
    });
}
