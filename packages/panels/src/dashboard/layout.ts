import { chosenOptions, type Choices, type Options } from '../variables/values.ts'
import type { Variable, VariableOption } from '../variables/variable.ts'
import { GRID_COLUMNS, type GridPos, type Panel } from './panel.ts'

/** A panel at its place, with the values that its repeats give to variables. */
export interface PlacedPanel {
  /** Tells repeats of one panel from each other. */
  readonly key: string
  readonly panel: Panel
  readonly pos: GridPos
  readonly repeats: Readonly<Record<string, VariableOption>>
}

/** What the repeats depend on. */
export interface LayoutInput {
  readonly variables: readonly Variable[]
  readonly choices: Choices
  readonly options: Options
  /** Rows that the viewer folded or unfolded, by key. */
  readonly folded: Readonly<Record<string, boolean>>
}

/** Repeats of one panel or row drawn at most. */
export const REPEATS_MAX = 200

interface Section {
  readonly row: Panel | undefined
  readonly children: readonly Panel[]
}

/** Panels in their places: rows folded or not, rows and panels repeated by variable, nothing on top of another. */
export function layOut(panels: readonly Panel[], input: LayoutInput): PlacedPanel[] {
  const out: PlacedPanel[] = []
  let y = 0
  for (const section of sectionsOf(panels)) {
    if (section.row === undefined) {
      y = placeChildren(section.children, '', {}, y, input, out)
      continue
    }
    const options = repeatOptions(section.row.repeat, input)
    for (const option of options ?? [undefined]) {
      const repeats = option === undefined ? {} : { [section.row.repeat!]: option }
      const key = `${section.row.id}${option === undefined ? '' : `-${option.value}`}`
      out.push({ key, panel: section.row, repeats, pos: { x: 0, y, w: GRID_COLUMNS, h: 1 } })
      y++
      if (input.folded[key] ?? section.row.isCollapsed) continue
      const suffix = option === undefined ? '' : `-${option.value}`
      y = placeChildren(section.children, suffix, repeats, y, input, out)
    }
  }
  return out
}

/** Panels between rows; the children of a collapsed row stand in the row itself. */
function sectionsOf(panels: readonly Panel[]): Section[] {
  const sorted = [...panels].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x)
  const sections: { row: Panel | undefined; children: Panel[] }[] = [{ row: undefined, children: [] }]
  for (const panel of sorted) {
    if (panel.type === 'row') sections.push({ row: panel, children: [...panel.panels] })
    else sections.at(-1)!.children.push(panel)
  }
  return sections.filter(({ row, children }) => row !== undefined || children.length > 0)
}

function repeatOptions(name: string | undefined, input: LayoutInput): VariableOption[] | undefined {
  const variable = name === undefined ? undefined : input.variables.find((one) => one.name === name)
  if (variable === undefined) return undefined
  const options = chosenOptions(variable, input.choices, input.options).slice(0, REPEATS_MAX)
  return options.length === 0 ? undefined : options
}

/** @returns the line below the lowest panel */
function placeChildren(
  children: readonly Panel[],
  suffix: string,
  repeats: Readonly<Record<string, VariableOption>>,
  top: number,
  input: LayoutInput,
  out: PlacedPanel[],
): number {
  const heights = Array<number>(GRID_COLUMNS).fill(top)
  const put = (pos: GridPos): GridPos => {
    const columns = heights.slice(pos.x, pos.x + pos.w)
    const y = Math.max(...columns)
    heights.fill(y + pos.h, pos.x, pos.x + pos.w)
    return { ...pos, y }
  }
  const sorted = [...children].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x)
  for (const panel of sorted) {
    const options = repeatOptions(panel.repeat, input)
    const list = options ?? [undefined]
    const across = panel.repeatDirection === 'h' ? Math.min(list.length, Math.max(1, panel.maxPerRow)) : 1
    const width =
      options === undefined || panel.repeatDirection === 'v'
        ? panel.gridPos.w
        : Math.floor(GRID_COLUMNS / across)
    list.forEach((option, i) => {
      const x =
        options === undefined || panel.repeatDirection === 'v' ? panel.gridPos.x : (i % across) * width
      out.push({
        key: `${panel.id}${suffix}${option === undefined ? '' : `-${option.value}`}`,
        panel,
        repeats: option === undefined ? repeats : { ...repeats, [panel.repeat!]: option },
        pos: put({ x, y: 0, w: width, h: panel.gridPos.h }),
      })
    })
  }
  return Math.max(...heights)
}
