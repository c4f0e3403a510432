/** Makes elements. Text goes in as text, never as markup: what is shown may come from a peer. */

/** @param attributes - `class`, `text`, `on…` handlers, and attributes of any other name. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'text') element.textContent = value;
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(
    ...children.filter((child) => child !== undefined && child !== null && child !== false),
  );
  return element;
}

/** An element of the page. */
export const byId = (id) => document.querySelector(`#${id}`);

/** Sets a text only where it differs, so that nothing is drawn for nothing. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
