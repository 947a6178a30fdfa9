/**
 * Names of the CSS variables with the colours for the lines of a graph, and for the parts of a bar that stand for providers. The
 * colours are used in this order. The style sheet contains their values for the light and the dark mode.
 */
const LINES = ['--line-1', '--line-2', '--line-3', '--line-4', '--line-5', '--line-6', '--line-7', '--line-8'];

/**
 * Returns the colour of the line or bar part with this index, as a CSS variable. A negative index gives the colour of the part
 * for mail that no provider has accepted yet.
 */
export const color = (place) => (place < 0 ? 'var(--idle)' : `var(${LINES[place % LINES.length]})`);

/** Returns the colour of the line with this index, in a form that a canvas accepts. */
export const paint = (place) => read(LINES[place % LINES.length]);

const probe = document.createElement('span');
probe.hidden = true;
document.body.append(probe);

/** Returns the current value of a colour variable of the style sheet, for the light or the dark mode. */
export function read(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}
