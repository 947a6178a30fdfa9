export const byId = (id) => document.getElementById(id);

/**
 * Creates an HTML element. An attribute whose name begins with `on` has an event listener as its value. An attribute with the
 * value undefined or false is omitted. Children are nodes or text; text is never read as markup.
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children);
  return node;
}

/** Creates a table cell. On a narrow screen the label is shown before the content of the cell. */
export const cell = (label, ...content) => el('td', { 'data-label': label }, ...content);

/** Creates a list of pairs of a name and a value. A pair without a value is omitted. */
export const pairs = (attributes, all) =>
  el(
    'dl',
    attributes,
    ...all.filter(([, value]) => value).map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
  );

/**
 * Sets the text of a node only if the text has changed. If an unchanged text were set again, the user's selection would be lost,
 * and screen readers would repeat the text.
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets an attribute only if its value has changed. The value undefined removes the attribute. */
export function setAttribute(node, name, value) {
  if (value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/**
 * Returns a function that makes the children of a parent element equal to a list of items. `create` returns an object for a new
 * item, with its `node` and optionally a function `update`, which is called with the item each time. If an item is still in the
 * list, its node stays, and so the focus stays too. If a removed node had the focus, the heading of its section gets the focus.
 */
export function list(parent, keyOf, create) {
  const parts = new Map();
  return (items) => {
    const keys = new Set(items.map(keyOf));
    let removesFocus = false;
    for (const [key, { node }] of parts) {
      if (keys.has(key)) continue;
      removesFocus ||= node.contains(document.activeElement);
      node.remove();
      parts.delete(key);
    }
    items.forEach((item, place) => {
      const key = keyOf(item);
      let part = parts.get(key);
      if (part === undefined) {
        part = create(item);
        parts.set(key, part);
      }
      part.update?.(item);
      const there = parent.children[place];
      if (there !== part.node) parent.insertBefore(part.node, there ?? null);
    });
    if (removesFocus) focusHeading(sectionOf(parent));
  };
}

/** Returns the section of the page that contains a node; undefined if no section contains the node. */
export const sectionOf = (node) => node.closest('section[aria-labelledby]') ?? undefined;

/**
 * Moves the focus to the heading of a section. It is called after the element with the focus was removed. Otherwise no element
 * would have the focus, and some browsers would continue at the top of the page.
 */
export function focusHeading(section) {
  const heading = section?.querySelector('h2');
  heading?.setAttribute('tabindex', '-1');
  heading?.focus({ preventScroll: true });
}
