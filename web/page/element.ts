/**
 * Creates and finds elements. Text becomes text nodes only, so that no answer of the service can
 * inject markup.
 */

export type Child = Node | string | undefined | false;
type Attribute = string | number | boolean | undefined | ((event: Event) => void);

/**
 * An element with its attributes and children. `true` writes an attribute without a value, `false`
 * and undefined leave it out; a function under `onclick` or the like listens.
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, Attribute>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.filter((child) => child !== undefined && child !== false));
  return made;
}

/** The page's element of this id. Throws where there is none, or one of another type. */
export function find<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`the page has no ${type.name} with the id '${id}'`);
}
