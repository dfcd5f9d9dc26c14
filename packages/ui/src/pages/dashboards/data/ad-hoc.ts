import { parseExpr } from '@promontory/promql/parser'
import { toUnits } from '../../query/query-error-box.tsx'
import type { AdHocFilter } from '@promontory/panels'

/** The expression with the filters in each of its selectors; as it was when it cannot be parsed. */
export function addMatchers(expr: string, filters: readonly AdHocFilter[]): string {
  const usable = filters.filter(({ key, value }) => /^[a-zA-Z_]\w*$/.test(key) && value !== '')
  if (usable.length === 0) return expr
  const inner = usable
    .map(({ key, operator, value }) => `${key}${operator}${JSON.stringify(value)}`)
    .join(',')
  const places = selectorsOf(expr)
  return places.reduceRight((text, { start, end }) => withMatchers(text, start, end, inner), expr)
}

function withMatchers(text: string, start: number, end: number, inner: string): string {
  const selector = text.slice(start, end)
  const open = selector.indexOf('{')
  if (open === -1) {
    const name = /^[a-zA-Z_:][\w:]*/.exec(selector)?.[0] ?? ''
    const at = start + name.length
    return `${text.slice(0, at)}{${inner}}${text.slice(at)}`
  }
  const close = selector.lastIndexOf('}')
  const isEmpty =
    selector
      .slice(open + 1, close)
      .trim()
      .replace(/,$/, '') === ''
  const at = start + close
  const hasComma = selector.slice(0, close).trimEnd().endsWith(',')
  return `${text.slice(0, at)}${isEmpty || hasComma ? '' : ','}${inner}${text.slice(at)}`
}

interface Place {
  readonly start: number
  readonly end: number
}

/** Byte positions of vector selectors, turned into positions of the text. */
function selectorsOf(expr: string): Place[] {
  let tree: unknown
  try {
    tree = parseExpr(expr)
  } catch {
    return []
  }
  const places: Place[] = []
  collect(tree, places)
  return places
    .map(({ start, end }) => ({ start: toUnits(expr, start), end: toUnits(expr, end) }))
    .sort((a, b) => a.start - b.start)
}

function collect(node: unknown, places: Place[]): void {
  if (Array.isArray(node)) {
    for (const item of node) collect(item, places)
    return
  }
  if (typeof node !== 'object' || node === null) return
  const { type, position } = node as { type?: unknown; position?: Place }
  if (type === 'vectorSelector' && position !== undefined) places.push(position)
  for (const value of Object.values(node)) if (typeof value === 'object') collect(value, places)
}
