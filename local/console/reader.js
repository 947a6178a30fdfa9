import { byId, el, focusHeading, pairs, sectionOf } from './dom.js';
import { withNoun } from './format.js';

/** The dialog in which the user reads a mail. */
export const reader = byId('reader');

/** Fills the dialog with a title and content. Text in the content is never read as markup. */
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

/**
 * The section that contains the button with which the dialog was opened, and the value of the attribute `data-opens` of this
 * button.
 */
let openedFrom;

/** Creates the button in a row of a list that opens the dialog. `key` identifies the row within its list. */
export const openButton = (key, text, onclick) =>
  el('button', { type: 'button', class: 'link', 'data-opens': key, onclick }, text);

/** Opens the dialog. */
export function openReader() {
  const opener = document.activeElement;
  openedFrom = { section: sectionOf(opener), key: opener.dataset.opens };
  reader.showModal();
}

// When the dialog closes, the browser returns the focus to the button that opened the dialog. If this button was removed from the
// list, the focus stays in the closed dialog until the page is drawn again, and is then lost. Meanwhile the row may be in the
// list again, with a new button.
reader.addEventListener('close', () => {
  const { activeElement } = document;
  if (activeElement !== document.body && !reader.contains(activeElement)) return;
  const { section, key } = openedFrom;
  const button = [...(section?.querySelectorAll('[data-opens]') ?? [])].find(({ dataset }) => dataset.opens === key);
  if (button) button.focus();
  else focusHeading(section);
});

/** Creates a list of facts about the mail, which are pairs of a name and a value. */
export const details = (facts) => pairs({ class: 'details' }, facts);

/** Creates a paragraph for each attachment. */
export function attachments(files = []) {
  return files.map(({ filename = 'without a name', contentType, size }) =>
    el('p', {}, `Attachment: ${filename}, ${contentType}, ${withNoun(size, 'byte')}`),
  );
}

/** Creates a section with the header fields of a mail. The section is collapsed at first. */
export function headersSection(fields) {
  const lines = fields.map(([name, value]) => `${name}: ${value}`).join('\n');
  return el(
    'details',
    {},
    el('summary', {}, `Header, ${withNoun(fields.length, 'field')}`),
    el('pre', { tabindex: '0' }, lines),
  );
}

// A click outside of the dialog closes the dialog, like the Escape key.
reader.addEventListener('click', (event) => {
  if (event.target === reader) reader.close();
});
