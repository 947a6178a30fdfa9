import { get } from './api.js';
import { byId, setAttribute } from './dom.js';

/**
 * Manages the pages of a list whose newest lines come first. `newest` and `older` are the ids of the two paging buttons.
 * `newestFirst` sorts the lines of an answer from the newest to the oldest. `again` shows the current page once more.
 */
export function pager({ newest, older, size, newestFirst = (lines) => lines, again }) {
  /** Ids of the last lines of all pages before the current page. */
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
  const ask = (path, query) => {
    const before = pages.length > 0 ? { before: pages.at(-1) } : {};
    return get(`${path}?${new URLSearchParams({ ...query, limit: String(size + 1), ...before })}`);
  };
  return {
    number: () => pages.length + 1,
    reset() {
      pages = [];
    },
    /**
     * Returns the lines of the current page. If the request for a later page fails, because the list was cleared in the meantime,
     * returns the lines of the first page.
     */
    async load(path, query = {}) {
      const found = await ask(path, query).catch((error) => {
        if (pages.length === 0) throw error;
        pages = [];
        return ask(path, query);
      });
      const shown = newestFirst(found).slice(0, size);
      oldest = shown.at(-1)?.id ?? '';
      setAttribute(byId(older), 'aria-disabled', String(found.length <= size));
      setAttribute(byId(newest), 'aria-disabled', String(pages.length === 0));
      return shown;
    },
  };
}
