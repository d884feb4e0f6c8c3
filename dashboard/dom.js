// @ts-check
/**
 * Small helpers around the DOM. The setters write only when the value differs, so a row whose numbers
 * stand still costs no layout.
 */

/**
 * The one element below root that matches, or an error: the page and its modules belong together.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new (...args: any[]) => T} type
 * @returns {T}
 */
export function find(root, selector, type) {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`index.html has no ${type.name} ${selector}`);
  return found;
}

/**
 * A part of a component, marked with data-part.
 * @param {ParentNode} root
 * @param {string} name
 */
export function part(root, name) {
  return find(root, `[data-part="${name}"]`, HTMLElement);
}

/**
 * A copy of the first element in a <template> of the page.
 * @param {string} id
 */
export function cloneTemplate(id) {
  const template = find(document, `#${id}`, HTMLTemplateElement);
  const copy = document.importNode(template.content, true).firstElementChild;
  if (!(copy instanceof HTMLElement)) throw new Error(`template ${id} is empty`);
  return copy;
}

/**
 * @param {Element} element a leaf: it has text and no children
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string} value
 */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * @param {HTMLElement} element
 * @param {boolean} hidden
 */
export function setHidden(element, hidden) {
  if (element.hidden !== hidden) element.hidden = hidden;
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {...(string | Node)} children
 */
export function create(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...children);
  return element;
}

/** What each element's children were made of. @type {WeakMap<Element, string>} */
const shownItems = new WeakMap();

/**
 * One child for each item, made anew only when an item has changed.
 * @template T
 * @param {Element} element
 * @param {T[]} items
 * @param {(item: T) => Node} build
 */
export function showItems(element, items, build) {
  const key = JSON.stringify(items);
  if (shownItems.get(element) === key) return;
  shownItems.set(element, key);
  element.replaceChildren(...items.map(build));
}
