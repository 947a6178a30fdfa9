/** Names of the colours of lines and shares, in order; their values are in the style sheet, for light and dark. */
const LINES = ['--line-1', '--line-2', '--line-3', '--line-4', '--line-5', '--line-6', '--line-7', '--line-8'];

/** The colour at a place, as a variable; a place below 0 is nobody's. */
export const color = (place) => (place < 0 ? 'var(--idle)' : `var(${LINES[place % LINES.length]})`);

/** The colour at a place as a canvas takes it. */
export const paint = (place) => read(LINES[place % LINES.length]);

const probe = document.createElement('span');
probe.hidden = true;
document.body.append(probe);

/** A colour of the style sheet as it is at this moment, light or dark: a variable alone still names both. */
export function read(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}
