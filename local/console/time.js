import { call } from './api.js';
import { byId, el, setText } from './dom.js';

const SCALES = [
  [1, 'real time'],
  [10, '10 times faster'],
  [60, '60 times faster'],
  [300, '300 times faster'],
];

const select = byId('scale');
let shown;
let setting = false;

function option(scale, label) {
  return el('option', { value: String(scale) }, label);
}

select.append(...SCALES.map(([scale, label]) => option(scale, label)));
select.addEventListener('change', () => {
  setting = true;
  void call('PUT', '/api/time', { scale: Number(select.value) }).finally(() => {
    setting = false;
  });
});

/** Shows the time scale of the local stack, and a sentence about the effect of this scale. */
export function showTime({ scale }) {
  // While a change of the scale is in progress, the answer may still contain the previous scale. Then the selection would jump
  // back to the previous scale.
  if (setting) return;
  if (scale !== shown) {
    shown = scale;
    if (![...select.options].some(({ value }) => Number(value) === scale))
      select.append(option(scale, `${scale} times faster`));
    select.value = String(scale);
  }
  setText(byId('scale-note'), note(scale));
}

function note(scale) {
  if (scale === 1) return 'Alarms evaluate whole minutes: let time run faster to see them raised within seconds.';
  const minute = scale >= 60 ? `${Number((60 / scale).toPrecision(2))} s` : `${Math.round(60 / scale)} s`;
  return `A minute of alarms, circuits, delays and schedules passes in ${minute}. Attempts and their deadlines take real time.`;
}
