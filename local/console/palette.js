/** Names of the colours of lines and shares, in order; their values are in the style sheet, for light and dark. */
const LINES = ['--line-1', '--line-2', '--line-3', '--line-4', '--line-5', '--line-6', '--line-7', '--line-8'];

/** The colour at a place, as a CSS variable; below 0 the colour of idle parts. */
export const color = (place) => (place < 0 ? 'var(--idle)' : `var(${LINES[place % LINES.length]})`);

/** The colour at a place as a value for a canvas. */
export const paint = (place) => read(LINES[place % LINES.length]);

const probe = document.createElement('span');
probe.hidden = true;
document.body.append(probe);

/** Current value of a colour of the style sheet, light or dark. */
export function read(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}
