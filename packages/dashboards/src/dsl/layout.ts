import type { JsonObject } from '../json.ts'
import type { Panel } from './panel.ts'

/** A titled part of a dashboard. */
export interface Row {
  readonly kind: 'row'
  readonly title: string
  readonly collapsed: boolean
  readonly repeat: string | undefined
  readonly panels: readonly Panel[]
}

/** Panels under a title, which may be collapsed or drawn again for each value of a variable. */
export function row(
  title: string,
  panels: readonly Panel[],
  options: { readonly collapsed?: boolean; readonly repeat?: string } = {},
): Row {
  return { kind: 'row', title, panels, collapsed: options.collapsed ?? false, repeat: options.repeat }
}

const COLUMNS = 24

/** Gives ids and places: from left to right, a new line where the next panel has no room, as high as its highest. */
export function layOut(items: readonly (Panel | Row)[]): JsonObject[] {
  const out: JsonObject[] = []
  let lastId = 0
  let x = 0
  let y = 0
  let lineHeight = 0
  const newLine = (): void => {
    y += lineHeight
    x = 0
    lineHeight = 0
  }
  const place = ({ width, height, json }: Panel): JsonObject => {
    const w = Math.max(1, Math.min(COLUMNS, width))
    if (x + w > COLUMNS) newLine()
    const placed = { id: ++lastId, ...json, gridPos: { x, y, w, h: height } }
    x += w
    lineHeight = Math.max(lineHeight, height)
    return placed
  }
  for (const item of items) {
    if (item.kind === 'panel') {
      out.push(place(item))
      continue
    }
    newLine()
    const id = ++lastId
    const gridPos = { x: 0, y, w: COLUMNS, h: 1 }
    y += 1
    const panels = item.panels.map(place)
    newLine()
    const { title, collapsed, repeat } = item
    const header = { id, type: 'row', title, collapsed, gridPos, ...(repeat === undefined ? {} : { repeat }) }
    out.push({ ...header, panels: collapsed ? panels : [] }, ...(collapsed ? [] : panels))
  }
  return out
}
