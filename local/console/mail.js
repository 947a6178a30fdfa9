import { get } from './api.js';
import { byId, el, list, setText } from './dom.js';
import { clock, counted } from './words.js';

const reader = byId('reader');

const rows = list(
  byId('mail'),
  ({ place, at }) => `${place} ${at}`,
  (line) => {
    const open = el(
      'button',
      { type: 'button', class: 'link', onclick: () => void read(line) },
      line.subject || 'no subject',
    );
    const cell = (label, ...content) => el('td', { 'data-label': label }, ...content);
    const node = el(
      'tr',
      { 'data-provider': line.provider },
      cell('Time', el('time', { datetime: line.at }, clock(line.at))),
      cell('Provider', line.provider),
      el('th', { scope: 'row', 'data-label': 'Subject' }, open),
      cell('To', line.to.join(', ')),
      cell('Submission', el('code', {}, line.submissionId ?? '')),
    );
    return { node };
  },
);

/** Lists the mails that providers accepted last. */
export function showMail({ accepted }) {
  const total = Object.values(accepted.counts).reduce((sum, mails) => sum + mails, 0);
  setText(byId('mail-count'), total === 0 ? 'None yet.' : `${counted(total, 'mail')}, the newest first.`);
  rows(accepted.newest);
}

async function read(line) {
  const [mail, submission] = await Promise.all([
    get(`/api/console/mail/${line.place}`).catch(() => undefined),
    line.submissionId === undefined
      ? undefined
      : get(`/api/submissions/${line.submissionId.split('/').map(encodeURIComponent).join('/')}`).catch(
          () => undefined,
        ),
  ]);
  if (mail === undefined) return;
  reader.replaceChildren(
    el(
      'header',
      {},
      el('h2', { id: 'reader-title' }, line.subject || 'no subject'),
      el('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: () => reader.close() }, '×'),
    ),
    el('dl', { class: 'details' }, ...facts(mail, line)),
    el('h3', {}, 'Attempts of the submission'),
    timeline(submission, mail),
    ...(mail.html === undefined ? [] : [el('h3', {}, 'HTML'), frame(line.place)]),
    ...(mail.text === undefined ? [] : [el('h3', {}, 'Text'), el('pre', { class: 'text', tabindex: '0' }, mail.text)]),
    el('details', {}, el('summary', {}, `Header, ${counted(mail.headers.length, 'field')}`), headers(mail)),
  );
  reader.showModal();
}

function facts(mail, { submissionId }) {
  const values = [
    ['Accepted by', `${mail.provider} at ${clock(mail.at)}`],
    ['From', mail.envelope.from],
    ['To', mail.envelope.to.join(', ')],
    ['Submission', submissionId ?? 'unknown'],
    ['Provider’s id', mail.providerMessageId],
    ...mail.attachments.map(({ filename = 'without a name', contentType, size }) => [
      'Attachment',
      `${filename}, ${contentType}, ${counted(size, 'byte')}`,
    ]),
  ];
  return values.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)));
}

/** The attempts in the ledger, in order. */
function timeline(submission, mail) {
  if (submission === undefined) return el('p', { class: 'quiet' }, 'The ledger has no record of this submission.');
  const steps = [
    ['first seen', submission.firstSeen, ''],
    ...submission.attempts.map(({ provider, outcome, reason, blames, begun, ended, providerMessageId }) => [
      `${provider}: ${outcome ?? 'no answer yet'}`,
      begun,
      [
        blames,
        reason,
        providerMessageId === mail.providerMessageId ? 'this mail' : undefined,
        ended && `${Math.max(0, Date.parse(ended) - Date.parse(begun))} ms`,
      ]
        .filter(Boolean)
        .join(' · '),
      outcome,
    ]),
    [
      `now: ${submission.state}`,
      undefined,
      [submission.reason, submission.detail, submission.nextTryAt && `next try at ${clock(submission.nextTryAt)}`]
        .filter(Boolean)
        .join(' · '),
    ],
  ];
  return el(
    'ol',
    { class: 'timeline' },
    ...steps.map(([what, at, more, outcome]) =>
      el(
        'li',
        { 'data-outcome': outcome },
        el('time', at ? { datetime: at } : {}, at ? clock(at) : ''),
        el('b', {}, what),
        el('span', {}, more),
      ),
    ),
  );
}

/** A frame for HTML in which nothing may run, load or be sent: the sandbox allows nothing, and the document has its own policy. */
function frame(place) {
  return el('iframe', {
    sandbox: '',
    src: `/api/console/mail/${place}/html`,
    title: 'HTML of the mail',
    referrerpolicy: 'no-referrer',
  });
}

function headers(mail) {
  return el('pre', { tabindex: '0' }, mail.headers.map(([name, value]) => `${name}: ${value}`).join('\n'));
}

// A click outside the dialog closes it, as Escape does.
reader.addEventListener('click', (event) => {
  if (event.target === reader) reader.close();
});
