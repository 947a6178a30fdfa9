import { call, get } from './api.js';
import { el } from './dom.js';
import { attachments, details, headers, reader, showReader } from './reader.js';
import { clock, inWords, STATE_WORDS } from './words.js';

/** What to do about a dead letter, by its reason; README has the same table. */
const REMEDIES = {
  Malformed: 'Repair the producer: the detail names the field. It cannot be sent as it is.',
  TooLarge: 'No usable provider carries that size: send it smaller, or with a link.',
  MissingObject: 'Put the object into the mail bucket under submissions/, then send it again.',
  Expired: 'Its time passed before a provider accepted it. Send a new submission if it is still wanted.',
  Refused: 'Providers refused this message itself: change it, and send it under a new id.',
  IdConflict: 'Give every submission its own id.',
  Unknown: 'A provider may have it, and could not say. Send it again if twice is better than not at all.',
  Exhausted: 'No provider accepted it within four days. Send it again once one is back.',
  Crashed: 'The sender crashed on it: its log says where. Send it again once that is repaired.',
};
const WITHOUT_REASON = 'SQS moved it after a day of failed receives: see the log of the sender, then send it again.';

/** News of a recipient after which no more is expected; a complaint may still follow. */
const LAST_NEWS = new Set(['delivered', 'bounced', 'complained', 'rejected', 'suppressed']);
let open;
/** What the reader shows, so that it is drawn again only with news: a selection or a frame in it stays. */
let drawn;

/** Opens the story of a submission: its state, every attempt and skip, and the mails that providers accepted. */
export async function openStory(line, circuits) {
  open = line;
  drawn = undefined;
  await draw(line, circuits);
  reader.showModal();
}

/** Draws the open story again if there is news, unless the submission had ended. */
export async function refreshStory(circuits) {
  if (!reader.open || open === undefined) return;
  const hadFocus = reader.contains(document.activeElement);
  const isNew = await draw(open, circuits);
  if (hadFocus && isNew) reader.querySelector('.close').focus();
}

/** Whether no news of a submission is expected: it ended, or all of its recipients have their last news. */
function isOver({ state, recipients = [], deliveries = [] }) {
  if (state !== 'accepted') return state === 'dead' || state === 'suppressed';
  return deliveries.filter((one) => LAST_NEWS.has(one.state)).length >= Math.max(1, recipients.length);
}

async function draw(line, circuits) {
  const path = line.id.split('/').map(encodeURIComponent).join('/');
  const [submission, mails] = await Promise.all([
    get(`/api/submissions/${path}`).catch(() => undefined),
    get(`/api/console/mails/${path}`).catch(() => []),
  ]);
  const shown = submission ?? line;
  const news = JSON.stringify([shown, mails]);
  if (open !== line || news === drawn) return false;
  drawn = news;
  if (isOver(shown)) open = undefined;
  showReader(
    shown.subject || 'no subject',
    details(facts(shown)),
    ...remedy(shown, path),
    el('h3', {}, 'What happened'),
    timeline(shown, mails, circuits),
    ...mails.flatMap((mail, index) => content(mail, mails.length > 1 ? ` ${index + 1}` : '')),
  );
  return true;
}

function facts({ id, state, class: kind, recipients = [], attempts = [], deliveries = [] }) {
  const tries = attempts.filter(({ outcome }) => outcome !== 'skipped').length;
  return [
    ['State', STATE_WORDS[state]],
    ['Arrived', deliveries.map(({ recipient, state: one }) => `${recipient ?? 'a recipient'}: ${one}`).join(', ')],
    ['To', recipients.join(', ')],
    ['Submission', id],
    ['Class', kind],
    ['Attempts', String(tries)],
  ];
}

/** For a dead letter: the reason, what to do, and a button that sends it again. */
function remedy({ state, reason, detail }, path) {
  if (state !== 'dead') return [];
  const result = el('span', { role: 'status' });
  const again = () =>
    call('POST', `/api/submissions/${path}/resend`).then(
      () => result.replaceChildren('It is on the outbound queue again.'),
      (error) => result.replaceChildren(error.message),
    );
  return [
    el(
      'div',
      { class: 'remedy' },
      el('p', {}, el('b', {}, reason ?? 'No reason'), detail ? `: ${detail}` : ''),
      el('p', {}, REMEDIES[reason] ?? WITHOUT_REASON),
      el('p', {}, el('button', { type: 'button', onclick: () => void again() }, 'Send it again'), ' ', result),
    ),
  ];
}

/** Attempts and skips in order, and what comes next. */
function timeline({ state, firstSeen, attempts = [], events = [], reason, nextTryAt }, mails, circuits) {
  const tried = attempts.map((one) => (one.outcome === 'skipped' ? skipped(one, circuits) : attempted(one, mails)));
  const steps = [
    ['put on the queue', firstSeen, ''],
    // By time of the providers, which may be a moment off; sorting is stable.
    ...[...tried, ...events.map(reported)].sort(([, a], [, b]) => Date.parse(a) - Date.parse(b)),
    [
      `now: ${STATE_WORDS[state]}`,
      undefined,
      [reason && inWords(reason), nextTryAt && `next try at ${clock(nextTryAt)}`].filter(Boolean).join(' · '),
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

const WORKERS_AGREE_MS = 10_000;

function skipped({ provider, reason, begun }, circuits) {
  const circuit = circuits.find((one) => one.provider === provider);
  // A worker skips by its own experience some seconds before the shared circuit opens.
  const held =
    circuit && circuit.state !== 'closed' && Date.parse(circuit.since) <= Date.parse(begun) + WORKERS_AGREE_MS;
  const cause = held
    ? `${circuit.state === 'isolated' ? 'isolated' : 'circuit open'} since ${clock(circuit.since)}${circuit.reason ? `, ${inWords(circuit.reason)}` : ''}`
    : (SKIPS[reason] ?? inWords(reason));
  return [`${provider}: skipped`, begun, cause, 'skipped'];
}

/** Why a provider was not tried, by the word of the sender's log. */
const SKIPS = {
  open: 'circuit open',
  quiet: 'it had failed for this worker a moment before',
  isolated: 'isolated by an operator',
  probing: 'another mail was probing whether it is back',
  held: 'it had asked for time (Retry-After)',
  warming: 'it is coming back slowly',
  rate: 'its rate was used up',
  unready: 'this worker could not use it yet',
};

function attempted({ provider, outcome, reason, blames, begun, ended, providerMessageId }, mails) {
  const taken = mails.find((mail) => mail.providerMessageId === providerMessageId);
  const facts = [
    blames && `blames the ${blames}`,
    reason && inWords(reason),
    taken && `to ${taken.envelope.to.join(', ')}`,
    ended && `${Math.max(0, Date.parse(ended) - Date.parse(begun))} ms`,
  ];
  return [`${provider}: ${outcome ?? 'no answer yet'}`, begun, facts.filter(Boolean).join(' · '), outcome];
}

/** A delivery event. */
function reported({ provider, type, bounce, recipient, reason, machine, at }) {
  const facts = [recipient, bounce, reason && inWords(reason), machine && 'by a program'];
  return [`${provider} reports: ${type}`, at, facts.filter(Boolean).join(' · '), type];
}

/** A mail as the provider's simulator has it. */
function content(mail, number) {
  return [
    el('h3', {}, `Mail${number} at ${mail.provider}, ${clock(mail.at)}`),
    ...attachments(mail.attachments),
    ...(mail.html === undefined ? [] : [frame(mail.place)]),
    ...(mail.text === undefined ? [] : [el('pre', { class: 'text', tabindex: '0' }, mail.text)]),
    headers(mail.headers),
  ];
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

reader.addEventListener('close', () => {
  open = undefined;
});
