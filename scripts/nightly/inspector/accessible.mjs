/** Checks of a page for people who do not see it, or not well: run in the page, so each is one function that needs nothing else. */

/** Controls without a name. */
export function findNameless() {
  return [...document.querySelectorAll('button, input, [role=tab], [role=grid], [role=treegrid]')]
    .filter((element) => element.getClientRects().length > 0)
    .filter((element) => (element.getAttribute('aria-label') ?? element.innerText).trim() === '')
    .map((element) => element.outerHTML.slice(0, 100));
}

/** Texts whose contrast is below 4.5 (WCAG 2, level AA). */
export function findFaint() {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (colour.startsWith('rgb(')) return channels(colour);
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  for (const element of document.querySelectorAll('body *')) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!hasText || element.getClientRects().length === 0 || element.matches('.skip')) continue;
    const [a, b] = [channels(getComputedStyle(element).color), behind(element)].map(luminance);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.add(`${element.className}: ${contrast.toFixed(2)}`);
  }
  return [...faint];
}
