import { call, get } from './api.js';
import { el } from './dom.js';
import { clock, inWords, STATE_WORDS } from './format.js';
import { attachments, details, headersSection, openReader, reader, showReader } from './reader.js';

/** Texts about what the user can do about a dead letter, by the reason of the dead letter. README describes the same reasons. */
const REMEDIES = {
  Malformed: 'The submission is invalid; the detail names the field. Repair the program that sent it.',
  TooLarge: 'No usable provider accepts a mail of this size. Send a smaller one, or a link instead of an attachment.',
  MissingObject: 'Put the object into the mail bucket under submissions/, then send the mail again.',
  Expired: 'The mail expired before a provider accepted it. Send a new submission if it is still wanted.',
  Refused: 'Providers refused this message itself. Change it, and send it under a new id.',
  IdConflict: 'Give every submission its own id.',
  Unknown:
    'A provider may have accepted the mail, and could not say whether it did. Send the mail again if two copies are better than none.',
  Exhausted: 'No provider accepted the mail within four days. Send it again once a provider works again.',
  Crashed:
    'The sender crashed while it processed this mail; its log has the error. Repair the error, then send the mail again.',
};
const WITHOUT_REASON =
  'SQS moved the mail here after a day of failed receives. Look for errors in the log of the sender, then send it again.';

/** Delivery states of a recipient after which usually no further event follows. A complaint may still follow. */
const LAST_STATES = new Set(['delivered', 'bounced', 'complained', 'rejected', 'suppressed']);
let open;
/**
 * JSON of the data that the dialog shows. The dialog is drawn again only if the data have changed. Otherwise a selection or a
 * frame in the dialog would be lost.
 */
let drawn;

/**
 * Opens the history of a submission in the dialog: its state, every attempt, every skipped provider, and the mails that providers
 * accepted.
 */
export async function openStory(line, circuits) {
  open = line;
  drawn = undefined;
  await draw(line, circuits);
  openReader();
}

/**
 * Reads the data of the open history again, and draws the history again if the data have changed. Does nothing if no history is
 * open, or if no further change is expected (see `isOver`).
 */
export async function refreshStory(circuits) {
  if (!reader.open || open === undefined) return;
  const hadFocus = reader.contains(document.activeElement);
  const isNew = await draw(open, circuits);
  if (hadFocus && isNew) reader.querySelector('.close').focus();
}

/**
 * Whether no further change of a submission is expected: the submission is a dead letter, or all its recipients are suppressed,
 * or the delivery state of each recipient is one of `LAST_STATES`.
 */
function isOver({ state, recipients = [], deliveries = [] }) {
  if (state !== 'accepted') return state === 'dead' || state === 'suppressed';
  return deliveries.filter((one) => LAST_STATES.has(one.state)).length >= Math.max(1, recipients.length);
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

/**
 * Creates a section about a dead letter: its reason, a text about what the user can do, and a button that sends the mail again.
 * Returns an empty list for a submission that is not a dead letter.
 */
function remedy({ state, reason, detail }, path) {
  if (state !== 'dead') return [];
  const result = el('span', { role: 'status' });
  const again = () =>
    call('POST', `/api/submissions/${path}/resend`).then(
      () => result.replaceChildren('The mail is on the outbound queue again.'),
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

/**
 * Creates the history: the attempts, skipped providers and delivery events in the order of time, and then the current state with
 * the time of the next attempt.
 */
function timeline({ state, firstSeen, attempts = [], events = [], reason, nextTryAt }, mails, circuits) {
  const tried = attempts.map((one) => (one.outcome === 'skipped' ? skipped(one, circuits) : attempted(one, mails)));
  const steps = [
    ['put on the queue', firstSeen, ''],
    // The times of delivery events come from the clocks of the providers, which may be slightly wrong.
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

/** Time for which a worker may skip a failing provider before the shared circuit opens, in milliseconds. */
const WORKERS_AGREE_MS = 10_000;

function skipped({ provider, reason, begun }, circuits) {
  const circuit = circuits.find((one) => one.provider === provider);
  // All workers share the state of a provider's circuit breaker. A worker that has seen failures skips the provider some seconds
  // before the shared circuit breaker opens.
  const held =
    circuit && circuit.state !== 'closed' && Date.parse(circuit.since) <= Date.parse(begun) + WORKERS_AGREE_MS;
  const cause = held
    ? `${circuit.state === 'isolated' ? 'isolated' : 'circuit open'} since ${clock(circuit.since)}${circuit.reason ? `, ${inWords(circuit.reason)}` : ''}`
    : (SKIPS[reason] ?? inWords(reason));
  return [`${provider}: skipped`, begun, cause, 'skipped'];
}

/** Texts that the page shows for a skipped provider, by the reason in the sender's log. */
const SKIPS = {
  open: 'circuit open',
  quiet: 'it had failed in this worker a moment before',
  isolated: 'isolated by an operator',
  probing: 'another mail was probing whether it works again',
  held: 'it had throttled, and was not called for some time',
  warming: 'slow start after an outage',
  rate: 'its maxPerSecond was reached',
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

/** Returns the entry of the history for a delivery event. */
function reported({ provider, type, bounce, recipient, reason, machine, at }) {
  const facts = [recipient, bounce, reason && inWords(reason), machine && 'by a program'];
  return [`${provider} reports: ${type}`, at, facts.filter(Boolean).join(' · '), type];
}

/** Creates a section with the content of a mail that the provider's simulator has stored. */
function content(mail, number) {
  return [
    el('h3', {}, `Mail${number} at ${mail.provider}, ${clock(mail.at)}`),
    ...attachments(mail.attachments),
    ...(mail.html === undefined ? [] : [frame(mail.place)]),
    ...(mail.text === undefined ? [] : [el('pre', { class: 'text', tabindex: '0' }, mail.text)]),
    headersSection(mail.headers),
  ];
}

/**
 * Creates a frame for the HTML of a mail. The document in the frame cannot run scripts, load anything or send anything. The
 * sandbox of the frame allows nothing, and the document has its own content security policy.
 */
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
