import { call } from './api.js';
import { byId, el, list, setAttribute, setText } from './dom.js';
import { alarmName, clock, formatCount, inWords, withNoun } from './format.js';
import { color } from './palette.js';

const path = (key) => `/api/providers/${encodeURIComponent(key)}/fault`;

function card({ key, title }, menu) {
  const id = `provider-${key}`;
  const state = el('span', { class: 'state' });
  const taken = el('b');
  const latest = el('span');
  const wire = el('p', { class: 'wire' });
  const alarms = el('ul', { class: 'chips', 'aria-label': `Alarms raised for ${key}` });
  const isolate = el('button', { type: 'button', class: 'quiet-button' });
  let current;
  let isolated = false;
  // Only one fault can be set at a time, so the choices are radio buttons. The arrow keys move between radio buttons.
  const choice = (fault, label, detail, choose) => {
    const input = el('input', { type: 'radio', name: `fault-${key}`, onchange: () => void choose().then(refresh) });
    return [fault, input, el('label', { class: 'fault', title: detail }, input, el('span', {}, label)), detail];
  };
  const works = 'The simulator answers as the provider does.';
  const faults = [
    choice(undefined, 'works', works, () => call('DELETE', path(key))),
    ...menu.map(({ id: fault, label, detail, faults: set }) =>
      choice(fault, label, detail, () => call('PUT', path(key), set)),
    ),
  ];
  const repair = el(
    'button',
    { type: 'button', class: 'repair', onclick: () => current && void call('DELETE', path(key)).then(refresh) },
    'Repair',
  );
  isolate.addEventListener('click', () => {
    const target = `/api/console/providers/${encodeURIComponent(key)}/isolation`;
    void call(isolated ? 'DELETE' : 'PUT', target).then(refresh);
  });
  const node = el(
    'article',
    { class: 'provider', 'aria-labelledby': id, 'data-provider': key },
    el('header', {}, el('h3', { id }, key), el('span', { class: 'type' }, title), state),
    el('p', { class: 'taken' }, taken, ' accepted', latest),
    el(
      'div',
      { class: 'switches', role: 'radiogroup', 'aria-label': `The simulator of ${key}` },
      el('span', { class: 'label' }, 'Simulator'),
      ...faults.map(([, , label]) => label),
    ),
    wire,
    alarms,
    el('footer', {}, repair, isolate),
  );
  const chips = list(
    alarms,
    ({ name }) => name,
    ({ name }) => ({ node: el('li', {}, alarmName(name).title) }),
  );
  return {
    node,
    update({ provider, circuit, mails, ofBatch, raised, place }) {
      current = provider.fault;
      isolated = circuit?.state === 'isolated';
      node.style.setProperty('--own', color(place));
      setAttribute(node, 'data-broken', provider.fault ? '' : undefined);
      setText(state, circuit ? circuitText(circuit) : '');
      setAttribute(state, 'data-state', circuit?.state);
      setText(taken, formatCount(mails));
      setText(latest, ofBatch > 0 ? `, ${formatCount(ofBatch)} of the last batch` : '');
      for (const [fault, input] of faults) if (input.checked !== (current === fault)) input.checked = current === fault;
      setText(wire, wireText(provider, faults));
      // With `disabled` instead of `aria-disabled`, the button would lose the focus after a click.
      setAttribute(repair, 'aria-disabled', String(current === undefined));
      chips(raised);
      alarms.hidden = raised.length === 0;
      setText(isolate, isolated ? 'Release' : 'Isolate for an hour');
    },
  };
}

/**
 * Returns a text about the circuit breaker of a provider. It says whether the sender sends mail to the provider, and if not,
 * until when.
 */
function circuitText({ state, reason, until, who, heldUntil }) {
  if (state === 'isolated') return `Isolated by ${who} until ${clock(until)}`;
  const because = reason ? `: ${inWords(reason)}` : '';
  if (state === 'half-open') return `Trying one mail${because}`;
  if (state === 'open') return `Skipped${because}, next try ${inSeconds(until)}`;
  return heldUntil ? `Throttled: next mail ${inSeconds(heldUntil)}` : 'Accepting mail';
}

function inSeconds(iso) {
  const seconds = Math.ceil((Date.parse(iso) - Date.now()) / 1000);
  return seconds > 0 ? `in ${formatCount(seconds)} s` : 'with the next mail';
}

function wireText({ fault, hits, faultText }, faults) {
  const detail = fault === 'other' ? faultText : faults.find(([id]) => id === fault)?.[3];
  const used = fault === undefined || fault === 'closed' ? '' : ` Applied ${withNoun(hits, 'time')}.`;
  return `${detail}${used}`;
}

let refresh = () => {};
let cards;

/**
 * Shows a card for each provider, with the controls of its fault and its isolation. `onChange` is called after the user has
 * changed one of them.
 */
export function showProviders({ providers, accepted, alarms }, circuits, layout, onChange) {
  refresh = onChange;
  cards ??= list(
    byId('providers'),
    ({ provider }) => provider.key,
    ({ provider }) => card(provider, layout.menus[provider.key] ?? []),
  );
  cards(
    providers.map((provider, place) => ({
      provider,
      place,
      circuit: circuits.find((one) => one.provider === provider.key),
      mails: accepted.counts[provider.key] ?? 0,
      ofBatch: accepted.batch?.[provider.key] ?? 0,
      raised: alarms.filter(({ name, state }) => state === 'ALARM' && alarmName(name).provider === provider.key),
    })),
  );
}
