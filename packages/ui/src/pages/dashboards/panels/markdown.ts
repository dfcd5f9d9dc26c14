import { escapeHtml } from '@promontory/panels'

/**
 * Markdown as HTML, the part that dashboards use: headings, lists, tables, quotes, code, links, pictures, emphasis. HTML
 * in it stays as it is: the result goes through `sanitize`, never straight into a page.
 */
export function markdownToHtml(markdown: string): string {
  const lines = markdown.replaceAll('\r', '').split('\n')
  const out: string[] = []
  let i = 0
  while (i < lines.length) {
    const [html, next] = block(lines, i)
    if (html !== '') out.push(html)
    i = next
  }
  return out.join('\n')
}

function block(lines: readonly string[], start: number): [html: string, next: number] {
  const line = lines[start]!
  if (line.trim() === '') return ['', start + 1]
  const fence = /^\s*(```|~~~)/.exec(line)
  if (fence !== null) {
    const end = lines.findIndex((one, i) => i > start && one.trim().startsWith(fence[1]!))
    const last = end === -1 ? lines.length : end
    return [`<pre><code>${escapeHtml(lines.slice(start + 1, last).join('\n'))}</code></pre>`, last + 1]
  }
  const heading = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$/.exec(line)
  if (heading !== null)
    return [`<h${heading[1]!.length}>${inline(heading[2]!)}</h${heading[1]!.length}>`, start + 1]
  if (/^\s{0,3}([-*_])(\s*\1){2,}\s*$/.test(line)) return ['<hr>', start + 1]
  if (/^\s{0,3}>/.test(line)) {
    const end = endOf(lines, start, (one) => /^\s{0,3}>/.test(one))
    const inner = lines.slice(start, end).map((one) => one.replace(/^\s{0,3}>\s?/, ''))
    return [`<blockquote>${markdownToHtml(inner.join('\n'))}</blockquote>`, end]
  }
  if (ITEM.test(line)) return list(lines, start)
  if (line.includes('|') && /^\s*\|?[\s:|-]+\|[\s:|-]*$/.test(lines[start + 1] ?? ''))
    return table(lines, start)
  if (/^\s*<\/?[a-zA-Z!]/.test(line)) {
    const end = endOf(lines, start, (one) => one.trim() !== '')
    return [lines.slice(start, end).join('\n'), end]
  }
  const end = endOf(lines, start, (one, i) => one.trim() !== '' && (i === start || !isBlockStart(one)))
  return [`<p>${lines.slice(start, end).map(inline).join('<br>')}</p>`, end]
}

const ITEM = /^(\s*)(?:[-*+]|\d{1,9}[.)])\s+(.*)$/

function isBlockStart(line: string): boolean {
  return /^\s{0,3}(#{1,6}\s|>|```|~~~)/.test(line) || ITEM.test(line)
}

function endOf(
  lines: readonly string[],
  start: number,
  goesOn: (line: string, index: number) => boolean,
): number {
  let end = start
  while (end < lines.length && goesOn(lines[end]!, end)) end++
  return Math.max(end, start + 1)
}

function list(lines: readonly string[], start: number): [string, number] {
  const indent = ITEM.exec(lines[start]!)![1]!.length
  const isOrdered = /^\s*\d/.test(lines[start]!)
  const items: string[][] = []
  let i = start
  for (; i < lines.length; i++) {
    const item = ITEM.exec(lines[i]!)
    if (item !== null && item[1]!.length <= indent) {
      if (item[1]!.length < indent) break
      items.push([item[2]!])
    } else if (
      lines[i]!.trim() === '' &&
      !/^\s{2,}\S/.test(lines[i + 1] ?? '') &&
      !ITEM.test(lines[i + 1] ?? '')
    )
      break
    else items.at(-1)!.push(lines[i]!.replace(/^\s{1,4}/, ''))
  }
  const tag = isOrdered ? 'ol' : 'ul'
  const inner = items.map((item) => {
    const [first = '', ...rest] = item
    return `<li>${inline(first)}${rest.length > 0 ? markdownToHtml(rest.join('\n')) : ''}</li>`
  })
  return [`<${tag}>${inner.join('')}</${tag}>`, Math.max(i, start + 1)]
}

function table(lines: readonly string[], start: number): [string, number] {
  const cells = (line: string): string[] => line.trim().replace(/^\||\|$/g, '').split(/(?<!\\)\|/).map((cell) => inline(cell.trim())) // prettier-ignore
  const end = endOf(lines, start + 2, (one) => one.includes('|'))
  const rows = lines.slice(start + 2, end).filter((one) => one.includes('|')).map((one) => `<tr>${cells(one).map((cell) => `<td>${cell}</td>`).join('')}</tr>`) // prettier-ignore
  const head = cells(lines[start]!).map((cell) => `<th>${cell}</th>`)
  return [`<table><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`, end]
}

function inline(text: string): string {
  const codes: string[] = []
  const kept = text.replace(/(`+)(.+?)\1/g, (_, _ticks: string, code: string) => {
    codes.push(`<code>${escapeHtml(code)}</code>`)
    return `\uE000${codes.length - 1}\uE000`
  })
  return kept
    .replace(
      /!\[([^\]]*)\]\(([^)\s]+)[^)]*\)/g,
      (_, alt: string, url: string) => `<img alt="${quoted(alt)}" src="${quoted(url)}">`,
    )
    .replace(
      /\[([^\]]+)\]\(([^)\s]+)[^)]*\)/g,
      (_, label: string, url: string) => `<a href="${quoted(url)}">${label}</a>`,
    )
    .replace(
      /(^|[\s(])(https?:\/\/[^\s<)]+)/g,
      (_, before: string, url: string) => `${before}<a href="${quoted(url)}">${url}</a>`,
    )
    .replace(/(\*\*|__)(?=\S)(.+?)\1/g, '<strong>$2</strong>')
    .replace(/\*(?=\S)([^*]+?)\*/g, '<em>$1</em>')
    .replace(/(^|\s)_(?=\S)([^_]+?)_(?=\s|$)/g, '$1<em>$2</em>')
    .replace(/~~(.+?)~~/g, '<del>$1</del>')
    .replace(/\uE000(\d+)\uE000/g, (_, index: string) => codes[Number(index)] ?? '')
}

function quoted(text: string): string {
  return text.replaceAll('"', '&quot;')
}
