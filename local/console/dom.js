export const byId = (id) => document.getElementById(id);

/** Makes an element; `on…` are listeners, undefined and false leave an attribute out. Children are nodes or text, never markup. */
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

/** Changes a text only if it is another one, so that a selection survives and nothing is read out twice. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Changes an attribute only if it is another one; undefined takes it away. */
export function setAttribute(node, name, value) {
  if (value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/**
 * Keeps the children of a parent in step with a list. `create` makes a part for a new item, with its `node` and an `update`
 * that is called with the item each time; what stays is never made anew, so that focus stays too.
 */
export function list(parent, keyOf, create) {
  const parts = new Map();
  return (items) => {
    const keys = new Set(items.map(keyOf));
    for (const [key, { node }] of parts) {
      if (keys.has(key)) continue;
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
  };
}
