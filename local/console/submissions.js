import { byId, cell, el, list, setAttribute, setText } from './dom.js';
import { clock, inWords, STATE_WORDS, withNoun } from './format.js';
import { pager } from './pager.js';
import { openButton } from './reader.js';
import { openStory, refreshStory } from './story.js';

/** Number of submissions on one page of the list. */
const PAGE = 50;

const form = byId('find');
let circuits = [];
const page = pager({ newest: 'newest', older: 'older', size: PAGE, again: () => again() });

const rows = list(
  byId('mail'),
  ({ id }) => id,
  (one) => {
    let shown = one;
    const state = el('span', { class: 'mark' });
    const provider = el('td', { 'data-label': 'Provider' });
    const more = el('small');
    const open = openButton(one.id, one.subject || 'no subject', () => void openStory(shown, circuits));
    const node = el(
      'tr',
      {},
      cell('Time', el('time', { datetime: one.firstSeen }, clock(one.firstSeen))),
      cell('State', el('span', {}, state, more)),
      provider,
      el('th', { scope: 'row', 'data-label': 'Subject' }, open),
      cell('To', (one.recipients ?? []).join(', ')),
      cell('Submission', el('code', {}, one.id)),
    );
    return {
      node,
      update(latest) {
        shown = latest;
        setText(state, STATE_WORDS[latest.state]);
        setAttribute(state, 'data-state', latest.state);
        setText(provider, (latest.acceptedBy ?? []).join(', '));
        setText(more, moreOf(latest));
      },
    };
  },
);

function moreOf({ state, reason, nextTryAt }) {
  if (state === 'dead') return reason ? ` ${reason}` : '';
  if (state !== 'waiting') return '';
  const why = reason ? ` ${inWords(reason)},` : '';
  return nextTryAt ? `${why} next try at ${clock(nextTryAt)}` : '';
}

/** Whether the list is filtered, or shows another page than the first. */
const isNarrowed = () => page.number() > 1 || byId('query').value !== '' || byId('state').value !== '';

/** Shows the submissions that match the search form, the newest submission first. */
export async function showSubmissions(latestCircuits) {
  circuits = latestCircuits;
  const wanted = ['query', 'state'].map((name) => [name, byId(name).value]).filter(([, value]) => value !== '');
  const shown = await page.load('/api/submissions', Object.fromEntries(wanted));
  rows(shown);
  setText(byId('mail-count'), countText(shown.length));
  await refreshStory(circuits);
}

function countText(length) {
  if (length === 0) return isNarrowed() ? 'No mail matches.' : 'No mail yet.';
  const place = page.number() === 1 ? 'the newest first' : `page ${page.number()}`;
  return `${withNoun(length, 'mail')}, ${place}.`;
}

function again() {
  void showSubmissions(circuits);
}

form.addEventListener('submit', (event) => event.preventDefault());
for (const name of ['query', 'state'])
  byId(name).addEventListener('input', () => {
    page.reset();
    again();
  });
