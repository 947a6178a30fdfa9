/** A token of an address header; `text` includes the quotes, parentheses or angle brackets. */
interface Token {
  readonly kind: 'text' | 'quoted' | 'comment' | 'angled' | 'separator';
  readonly text: string;
}

/**
 * Repairs an address header for a strict parser (RFC 5322, section 3.4). For example, it puts a missing comma between two
 * mailboxes, and quotes a name that contains a colon which begins no group, or a semicolon which ends no group.
 */
export function repairedAddresses(value: string): string {
  const tokens = tokensOf(value);
  const lastGroupEnd = tokens.findLastIndex(({ kind, text }) => kind === 'separator' && text === ';');
  const grouped = tokens.some(({ kind, text }) => kind === 'text' && text.includes(':'));
  let written = '';
  let element: Token[] = [];
  let addressed = false;
  for (const [place, token] of [...tokens, END].entries()) {
    addressed ||= hasAddress(token);
    if (token.kind !== 'separator') element.push(token);
    else if (token.text === ';' && !grouped && !addressed) element.push({ ...token, kind: 'text' });
    else {
      written += mailboxesIn(element, place <= lastGroupEnd) + token.text;
      element = [];
      addressed = false;
    }
  }
  return written;
}

const END: Token = { kind: 'separator', text: '' };

/** Repairs the text between two separators. Returns an empty string if the text consists only of comments, or has `<>` in place of an address. */
function mailboxesIn(given: readonly Token[], mayBeGroup: boolean): string {
  const hasOther = given.some(({ kind, text }) => kind === 'text' && text.includes('@'));
  const element = given
    .filter((token) => !isEmptyAngle(token))
    .map((token) => (hasOther ? withoutWords(token) : token));
  const isComment = element.every(({ kind, text }) => kind === 'comment' || text.trim() === '');
  if (isComment || (element.length < given.length && !element.some(hasAddress))) return '';
  const address = element.findIndex(({ kind }) => kind === 'angled');
  const text = written(element);
  if (address === -1) {
    const words = text.trim().split(/\s+/);
    if (words.length > 1 && words.every(isAddress)) return words.join(', ');
    return element.some(hasAddress) ? text.replace(IN_QUOTES, '$1$2') : written(element.map(withAddress));
  }
  const last = element.findLastIndex(({ kind }) => kind === 'angled');
  const name = element.slice(0, address);
  const hasSign = name.some(({ kind, text: piece }) => kind === 'text' && /[:;]/.test(piece));
  const start = hasSign && !(mayBeGroup && written(name).includes(':')) ? `${quoted(name)} ` : written(name);
  const rest = element.slice(address).map((token, place) => {
    if (token.kind === 'text' && /^[\s.]*$/.test(token.text)) return ' ';
    return token.kind === 'angled' && address + place < last ? `${token.text},` : token.text;
  });
  return start + rest.join('');
}

/** An address in single quotes. Some mail clients write such quotes, although they have no meaning in any standard. */
const IN_QUOTES = /^(\s*)'([^\s'<>()",;:]{1,320})'\s*$/;

/**
 * Turns a comment (text in parentheses) that consists of an address into this address in angle brackets; used only for an entry
 * without any other address.
 */
function withAddress(token: Token): Token {
  const inner = token.kind === 'comment' ? token.text.slice(1, -1).trim() : '';
  return isAddress(inner) ? { kind: 'angled', text: `<${inner}>` } : token;
}

/**
 * Removes angle brackets around several words that contain no address; used only if the address of the entry is outside of the
 * angle brackets.
 */
function withoutWords(token: Token): Token {
  const isWords = token.kind === 'angled' && /^<[^@<>]{0,999}\s[^@<>]{0,999}>$/.test(token.text);
  return isWords ? { kind: 'text', text: ` ${token.text.slice(1, -1)} ` } : token;
}

function isEmptyAngle({ kind, text }: Token): boolean {
  return kind === 'angled' && /^<\s*>$/.test(text);
}

function hasAddress({ kind, text }: Token): boolean {
  return kind === 'angled' || (kind === 'text' && text.includes('@'));
}

function written(tokens: readonly Token[]): string {
  return tokens.map(({ text }) => text).join('');
}

function isAddress(word: string): boolean {
  return /^[^\s@<>"()]+@[^\s@<>"()]+$/.test(word);
}

/** Returns a name as one quoted string, without its comments. */
function quoted(name: readonly Token[]): string {
  const text = name.map(({ kind, text: piece }) => {
    if (kind === 'text') return piece.replace(/[\\"]/g, '\\$&');
    return kind === 'quoted' ? piece.slice(1, -1) : '';
  });
  return `"${text.join('').trim()}"`;
}

/** Splits an address header into tokens. All quotes and parentheses of the header must be closed; angle brackets may be unclosed. */
function tokensOf(value: string): Token[] {
  const tokens: Token[] = [];
  const lastAngle = value.lastIndexOf('>');
  const pushAddress = (end: number, address: string) => {
    push('angled', end);
    tokens[tokens.length - 1] = { kind: 'angled', text: `<${address}>` };
  };
  let text = '';
  const push = (kind: Token['kind'], end: number) => {
    if (text !== '') tokens.push({ kind: 'text', text });
    text = '';
    tokens.push({ kind, text: value.slice(at, end) });
    at = end;
  };
  let at = 0;
  while (at < value.length) {
    const sign = value[at] ?? '';
    if (sign === '"') push('quoted', behindQuote(value, at));
    else if (sign === '(') push('comment', behindComment(value, at));
    else if (sign === ',' || sign === ';') push('separator', at + 1);
    else if (sign === '[' && mailto(value, at)) {
      const { 0: whole, 1: address = '' } = mailto(value, at) ?? [''];
      pushAddress(at + whole.length, address);
    } else if (sign === '<' && unclosed(value, at)) {
      const { 0: whole, 1: address = '' } = unclosed(value, at) ?? [''];
      pushAddress(at + whole.length, address);
    } else if (sign === '<' && at < lastAngle && value[at + 1] !== '<') push('angled', value.indexOf('>', at) + 1);
    else if (sign === '\\' && value[at + 1] === '"') at += 2;
    else {
      // A stray angle bracket is left out, so doubled angle brackets become single brackets.
      text += sign === '>' || sign === '<' ? '' : value.slice(at, at + (sign === '\\' ? 2 : 1));
      at += sign === '\\' ? 2 : 1;
    }
  }
  if (text !== '') tokens.push({ kind: 'text', text });
  return tokens;
}

/** The form `[mailto:a@example.org]`, in which Outlook writes addresses. */
const MAILTO = /\[mailto:([^\s@<>[\]()",;:]{1,255}@[^\s@<>[\]()",;:]{1,255})\]/iy;
/** An address after a `<` that is not closed before the next separator. A source route, which begins with an @, does not match. */
const UNCLOSED = /<\s{0,9}([^\s@<>()",;:]{1,255}@[^\s@<>()",;:]{1,255})\s{0,9}(?=[,;])/y;

function mailto(value: string, at: number): RegExpExecArray | null {
  MAILTO.lastIndex = at;
  return MAILTO.exec(value);
}

function unclosed(value: string, at: number): RegExpExecArray | null {
  UNCLOSED.lastIndex = at;
  return UNCLOSED.exec(value);
}

function behindQuote(value: string, from: number): number {
  for (let at = from + 1; at < value.length; at += 1) {
    if (value[at] === '\\') at += 1;
    else if (value[at] === '"') return at + 1;
  }
  return value.length;
}

function behindComment(value: string, from: number): number {
  let depth = 0;
  for (let at = from; at < value.length; at += 1) {
    if (value[at] === '\\') at += 1;
    else if (value[at] === '(') depth += 1;
    else if (value[at] === ')' && --depth === 0) return at + 1;
  }
  return value.length;
}
