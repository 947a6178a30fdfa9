import { call } from './api.js';
import { byId, el, list, setAttribute, setText } from './dom.js';
import { color } from './palette.js';
import { alarmName, count, counted } from './words.js';

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
  const switches = menu.map(({ id: fault, label, detail, faults }) => {
    const node = el(
      'button',
      {
        type: 'button',
        role: 'switch',
        class: 'switch',
        title: detail,
        'aria-checked': 'false',
        'data-fault': fault,
        onclick: () => {
          const ends = current === fault;
          void call(ends ? 'DELETE' : 'PUT', path(key), ends ? undefined : faults).then(refresh);
        },
      },
      label,
    );
    return [fault, node, detail];
  });
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
      { class: 'switches', role: 'group', 'aria-label': `Faults of ${key}` },
      ...switches.map(([, one]) => one),
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
      setText(state, circuit ? `circuit ${circuit.state}` : '');
      setAttribute(state, 'data-state', circuit?.state);
      setAttribute(state, 'title', circuit?.reason);
      setText(taken, count(mails));
      setText(latest, ofBatch > 0 ? `, ${count(ofBatch)} of those just sent` : '');
      for (const [fault, one] of switches) setAttribute(one, 'aria-checked', String(current === fault));
      setText(wire, wireText(provider, switches));
      // The button is not `disabled`, since it would lose the focus after its click.
      setAttribute(repair, 'aria-disabled', String(current === undefined));
      chips(raised);
      alarms.hidden = raised.length === 0;
      setText(isolate, isolated ? 'Release' : 'Isolate for an hour');
    },
  };
}

function wireText({ fault, hits, faultText }, switches) {
  if (fault === undefined) return 'Works.';
  const detail = fault === 'other' ? faultText : switches.find(([id]) => id === fault)?.[2];
  const struck = fault === 'closed' ? '' : ` – struck ${counted(hits, 'time')}`;
  return `${detail}${struck}`;
}

let refresh = () => {};
let cards;

/** Shows one card for each provider, with its switches. `onChange` is called once a switch has been set. */
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
