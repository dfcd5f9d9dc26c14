import { SafeString, type Value } from '../exec/value.ts'
import { show } from '../fmt/print.ts'

/** What html/template writes for a value that it must not let through. */
export const FILTER_FAILSAFE = 'ZgotmplZ'

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  '\0': '\ufffd', '"': '&#34;', '&': '&amp;', "'": '&#39;', '+': '&#43;', '<': '&lt;', '>': '&gt;',
} // prettier-ignore

/** Escapes text as text/template's `html` does. */
export function escapeHtml(text: string): string {
  return text.replace(/[\0"&'<>]/g, (character) => HTML_ENTITIES[character]!)
}

/** Escapes text for an HTML body or a quoted attribute, as html/template does. */
export function escapeBody(text: string): string {
  return text.replace(/[\0"&'+<>]/g, (character) => HTML_ENTITIES[character]!)
}

/** As {@link escapeBody}, but entities that are already there stay. */
export function escapeNormalised(text: string): string {
  return text.replace(/[\0"'+<>]/g, (character) => HTML_ENTITIES[character]!)
}

/** Escapes for an attribute value without quotes. */
export function escapeUnquoted(text: string): string {
  if (text === '') return FILTER_FAILSAFE
  return text.replace(/[\0\t-\r "&'+<=>`]/g, (character) =>
    character === '\0' ? '&#xfffd;' : (HTML_ENTITIES[character] ?? `&#${character.charCodeAt(0)};`),
  )
}

/** The text of a value and whether html/template trusts it as HTML. */
export function textOf(value: Value): { text: string; trusted: SafeString['kind'] | undefined } {
  if (value instanceof SafeString) return { text: value.text, trusted: value.kind }
  return { text: value === null ? '' : show(value), trusted: undefined }
}

/** Markup taken out, for trusted HTML that lands in an attribute. */
export function stripTags(html: string): string {
  return html.replace(/<!--[\s\S]*?-->/g, '').replace(/<\/?[a-zA-Z](?:"[^"]*"|'[^']*'|[^'">])*>/g, '')
}

const SAFE_SCHEMES = new Set(['http', 'https', 'mailto'])

/** Whether a URL's scheme is one that cannot run code; relative URLs are safe. */
export function isSafeUrl(url: string): boolean {
  const colon = url.indexOf(':')
  if (colon < 0 || url.slice(0, colon).includes('/')) return true
  return SAFE_SCHEMES.has(url.slice(0, colon).toLowerCase())
}

/** Percent-encodes for a URL. `keepReserved` (normalising) leaves delimiters and existing escapes alone. */
export function escapeUrl(text: string, keepReserved: boolean): string {
  const keep = keepReserved ? /%[0-9a-fA-F]{2}|[A-Za-z0-9\-._~!#$&*+,/:;=?@[\]]/y : /[A-Za-z0-9\-._~]/y
  let out = ''
  for (let i = 0; i < text.length;) {
    keep.lastIndex = i
    const kept = keep.exec(text)?.[0]
    if (kept !== undefined) {
      out += kept
      i += kept.length
      continue
    }
    const character = String.fromCodePoint(text.codePointAt(i)!)
    for (const byte of new TextEncoder().encode(character)) out += `%${byte.toString(16).padStart(2, '0')}`
    i += character.length
  }
  return out
}
