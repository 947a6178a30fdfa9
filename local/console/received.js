import { get } from './api.js';
import { byId, cell, el, list, setText } from './dom.js';
import { clock, withNoun } from './format.js';
import { pager } from './pager.js';
import { attachments, details, headersSection, openButton, openReader, showReader } from './reader.js';

/** Number of messages on one page of the list. */
const PAGE = 20;

const page = pager({
  newest: 'received-newest',
  older: 'received-older',
  size: PAGE,
  newestFirst: (messages) => messages.toReversed(),
  again: () => void showReceived(),
});

const WAYS = { mime: 'as raw mail', request: 'as fields of a request' };
const over = (provider, form) => [provider, WAYS[form]].filter(Boolean).join(', ');

const rows = list(
  byId('received'),
  ({ id, at }) => `${id} ${at}`,
  ({ id, at, provider, form, subject, from, envelope, attachments: files }) => {
    const open = openButton(id, subject || 'no subject', () => void read(id));
    const more = files > 0 ? el('small', {}, ` ${withNoun(files, 'attachment')}`) : '';
    return {
      node: el(
        'tr',
        {},
        cell('Time', el('time', { datetime: at }, clock(at))),
        cell('Provider', over(provider, form)),
        el('th', { scope: 'row', 'data-label': 'Subject' }, el('span', {}, open, more)),
        cell('From', from ?? envelope.from ?? 'no sender'),
        cell('To', envelope.to.join(', ')),
      ),
    };
  },
);

/** Shows the messages of the inbound queue (received mail), the newest message first. */
export async function showReceived() {
  const shown = await page.load('/api/received');
  rows(shown);
  byId('received-table').hidden = shown.length === 0;
  setText(byId('received-count'), countText(shown.length));
}

function countText(length) {
  if (length === 0) return 'No mail received yet. To receive one: npm run receive -- --as mailgun';
  return `${withNoun(length, 'message')}, ${page.number() === 1 ? 'the newest first' : `page ${page.number()}`}.`;
}

async function read(id) {
  const message = await get(`/api/received/${encodeURIComponent(id)}`).catch((error) => error);
  if (message instanceof Error) showReader('This message is gone', el('p', {}, message.message));
  else showMessage(message);
  openReader();
}

function showMessage(message) {
  const {
    id,
    provider,
    raw,
    envelope,
    subject,
    from,
    to,
    cc,
    text,
    receivedAt,
    flags = [],
    spam,
    authentication,
  } = message;
  const checks = Object.entries(authentication ?? {}).map(([name, result]) => `${name} ${result}`);
  showReader(
    subject || 'no subject',
    details([
      ['From', mailboxes(from) || envelope.from || 'no sender (a bounce)'],
      ['To', mailboxes(to)],
      ['Cc', mailboxes(cc)],
      ['Delivered to', envelope.to.join(', ')],
      ['Provider', over(provider, raw?.form)],
      ['Received', clock(receivedAt)],
      ['Flags', flags.join(', ')],
      ['Spam', spam?.verdict],
      ['Checks', checks.join(', ')],
      ['Message', id],
    ]),
    ...attachments(message.attachments),
    text === undefined
      ? el('p', { class: 'hint' }, 'The mail has no text.')
      : el('pre', { class: 'text', tabindex: '0' }, text),
    headersSection(message.headers ?? []),
  );
}

function mailboxes(list = []) {
  return list.map(({ name, address }) => (name ? `${name} <${address}>` : address)).join(', ');
}
