import { byId, el } from './dom.js';
import { counted } from './words.js';

/** The dialog in which a mail is read. */
export const reader = byId('reader');

/** Fills the dialog; a text is never read as markup. */
export function showReader(title, ...content) {
  reader.replaceChildren(
    el(
      'header',
      {},
      el('h2', { id: 'reader-title' }, title),
      el('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: () => reader.close() }, '×'),
    ),
    ...content,
  );
}

/** Pairs of a name and a value; those without a value are omitted. */
export function details(pairs) {
  const shown = pairs.filter(([, value]) => value);
  return el(
    'dl',
    { class: 'details' },
    ...shown.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
  );
}

/** A line for each attachment. */
export function attachments(files = []) {
  return files.map(({ filename = 'without a name', contentType, size }) =>
    el('p', {}, `Attachment: ${filename}, ${contentType}, ${counted(size, 'byte')}`),
  );
}

/** The fields of a header, closed until they are wanted. */
export function headers(fields) {
  const lines = fields.map(([name, value]) => `${name}: ${value}`).join('\n');
  return el(
    'details',
    {},
    el('summary', {}, `Header, ${counted(fields.length, 'field')}`),
    el('pre', { tabindex: '0' }, lines),
  );
}

// A click outside the dialog closes it, as Escape does.
reader.addEventListener('click', (event) => {
  if (event.target === reader) reader.close();
});
