import { byId, setAttribute } from './dom.js';

/** Page of a list that grows at its newest end, with its two buttons. `again` shows the list at its present page. */
export function pager(newest, older, again) {
  /** Ids before which the pages begin; the first page has none. */
  let pages = [];
  let oldest = '';
  byId(older).addEventListener('click', ({ currentTarget }) => {
    if (currentTarget.getAttribute('aria-disabled') === 'true') return;
    pages = [...pages, oldest];
    again();
  });
  byId(newest).addEventListener('click', () => {
    pages = [];
    again();
  });
  return {
    /** Id before which the page begins; undefined for the first. */
    before: () => pages.at(-1),
    number: () => pages.length + 1,
    reset() {
      pages = [];
    },
    /** Says which is the last line of the page, and whether there are older ones. */
    show(last, hasMore) {
      oldest = last;
      setAttribute(byId(older), 'aria-disabled', String(!hasMore));
      setAttribute(byId(newest), 'aria-disabled', String(pages.length === 0));
    },
  };
}
