export const byId = (id) => document.getElementById(id);

/** Makes an element; `on…` are listeners, undefined and false omit an attribute. Children are nodes or text, never markup. */
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

/** Sets a text only if it differs, so that a selection survives and screen readers do not repeat it. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets an attribute only if it differs; undefined removes it. */
export function setAttribute(node, name, value) {
  if (value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/**
 * Synchronises the children of a parent with a list. `create` makes the part of a new item: its `node`, and an `update`
 * that is called with the item each time. Nodes of items that stay are kept, so that the focus stays.
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
