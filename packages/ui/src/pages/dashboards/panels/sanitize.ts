import { safeUrl } from '@promontory/panels'

const ELEMENTS = new Set('a abbr article aside b blockquote br caption center cite code col colgroup dd del details div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd label li main mark nav ol p pre q s samp section small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr'.split(' ')) // prettier-ignore
const DROPPED = new Set('script style iframe frame frameset object embed applet link meta base form input button select textarea option template noscript svg math audio video source track portal dialog title head'.split(' ')) // prettier-ignore
const ATTRIBUTES = new Set('align alt class colspan dir height lang open rowspan scope span start title type valign width color size'.split(' ')) // prettier-ignore
const STYLES = new Set('background-color border border-bottom border-collapse border-color border-radius border-top color display flex flex-direction float font-family font-size font-style font-weight gap height justify-content align-items letter-spacing line-height list-style margin margin-bottom margin-left margin-right margin-top max-height max-width min-height min-width opacity padding padding-bottom padding-left padding-right padding-top text-align text-decoration text-transform vertical-align white-space width'.split(' ')) // prettier-ignore

/** Elements deeper than this are left out. */
const DEPTH_MAX = 60

/**
 * HTML of a dashboard without anything that runs or loads from elsewhere: only known elements, attributes and style
 * properties are built anew; links keep addresses that run nothing; pictures those of this server.
 */
export function sanitize(html: string): DocumentFragment {
  // Documents of a parser run no script and load nothing.
  const parsed = new DOMParser().parseFromString(html, 'text/html')
  const out = document.createDocumentFragment()
  copyChildren(parsed.body, out, 0)
  return out
}

function copyChildren(from: Node, to: Node, depth: number): void {
  for (const child of from.childNodes) copy(child, to, depth)
}

function copy(node: Node, to: Node, depth: number): void {
  if (node.nodeType === Node.TEXT_NODE) {
    to.appendChild(document.createTextNode(node.nodeValue ?? ''))
    return
  }
  if (!(node instanceof Element) || depth > DEPTH_MAX) return
  const name = node.localName
  if (DROPPED.has(name)) return
  if (!ELEMENTS.has(name) || node.namespaceURI !== 'http://www.w3.org/1999/xhtml') {
    copyChildren(node, to, depth + 1)
    return
  }
  const made = document.createElement(name)
  for (const { name: key, value } of node.attributes) copyAttribute(made, name, key, value)
  copyChildren(node, made, depth + 1)
  to.appendChild(made)
}

function copyAttribute(made: HTMLElement, element: string, key: string, value: string): void {
  if (ATTRIBUTES.has(key)) made.setAttribute(key, value)
  else if (key === 'style') copyStyle(made, value)
  else if (key === 'href' && element === 'a') {
    const href = safeUrl(value)
    if (href === undefined) return
    made.setAttribute('href', href)
    made.setAttribute('rel', 'noreferrer noopener')
    if (/^https?:/i.test(href)) made.setAttribute('target', '_blank')
  } else if (
    key === 'src' &&
    element === 'img' &&
    /^(data:image\/(png|jpeg|gif|webp|svg\+xml)[;,]|\/(?!\/)|\.\/)/i.test(value.trim())
  )
    made.setAttribute('src', value.trim())
}

/** Style properties through the browser's own parser; such as could load something, or leave the panel, are not among them. */
function copyStyle(made: HTMLElement, text: string): void {
  const parsed = document.createElement('span')
  parsed.style.cssText = text
  for (const property of parsed.style) {
    const value = parsed.style.getPropertyValue(property)
    if (value === 'initial' || value === '') continue
    if (isAllowedStyle(property) && !/url\(|expression|image-set|var\(/i.test(value))
      made.style.setProperty(property, value)
  }
}

function isAllowedStyle(property: string): boolean {
  return STYLES.has(property) || /^(border|margin|padding)-/.test(property)
}
