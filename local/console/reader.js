import { byId, el, focusHeading, pairs, sectionOf } from './dom.js';
import { withNoun } from './format.js';

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

/** The section of the list from which the dialog was opened, and the value of `data-opens` of the button that opened it. */
let openedFrom;

/** Creates the button of a list's row that opens the dialog. The key identifies the row within its list. */
export const openButton = (key, text, onclick) =>
  el('button', { type: 'button', class: 'link', 'data-opens': key, onclick }, text);

/** Opens the dialog. */
export function openReader() {
  const opener = document.activeElement;
  openedFrom = { section: sectionOf(opener), key: opener.dataset.opens };
  reader.showModal();
}

// When the dialog closes, the browser returns the focus to the button that opened the dialog. This fails if the list has removed the
// button: the focus then stays in the closed dialog until the page is drawn, and is lost. The row may be in the list again by then,
// with a new button.
reader.addEventListener('close', () => {
  const { activeElement } = document;
  if (activeElement !== document.body && !reader.contains(activeElement)) return;
  const { section, key } = openedFrom;
  const button = [...(section?.querySelectorAll('[data-opens]') ?? [])].find(({ dataset }) => dataset.opens === key);
  if (button) button.focus();
  else focusHeading(section);
});

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
