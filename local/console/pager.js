import { get } from './api.js';
import { byId, setAttribute } from './dom.js';

/**
 * Pages of a list that grows at its newest end, with its two buttons. `newestFirst` puts the lines of an answer in that
 * order; `again` shows the list at its present page.
 */
export function pager({ newest, older, size, newestFirst = (lines) => lines, again }) {
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
  const ask = (path, query) => {
    const before = pages.length > 0 ? { before: pages.at(-1) } : {};
    return get(`${path}?${new URLSearchParams({ ...query, limit: String(size + 1), ...before })}`);
  };
  return {
    number: () => pages.length + 1,
    reset() {
      pages = [];
    },
    /** Lines of the present page; the first page if the list was cleared meanwhile. */
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
