import { byId, el, pairs } from './dom.js';
import { withNoun } from './words.js';

/** The dialog in which a mail is read. */
export const reader = byId('reader');

/** Fills the dialog with a title and content. Text is never interpreted as markup. */
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

/** Shows data about the mail, as pairs of a name and a value. */
export const details = (facts) => pairs({ class: 'details' }, facts);

/** Creates one line for each attachment. */
export function attachments(files = []) {
  return files.map(({ filename = 'without a name', contentType, size }) =>
    el('p', {}, `Attachment: ${filename}, ${contentType}, ${withNoun(size, 'byte')}`),
  );
}

/** Creates a section with the fields of a mail's header. The section is closed at first. */
export function headersSection(fields) {
  const lines = fields.map(([name, value]) => `${name}: ${value}`).join('\n');
  return el(
    'details',
    {},
    el('summary', {}, `Header, ${withNoun(fields.length, 'field')}`),
    el('pre', { tabindex: '0' }, lines),
  );
}

// A click outside of the dialog closes the dialog, like the key Escape.
reader.addEventListener('click', (event) => {
  if (event.target === reader) reader.close();
});
