import { formatDate, objectOf, textOf, type JsonObject } from '@promontory/panels'
import type uPlot from 'uplot'
import { scaleKey, seriesText } from './plot.ts'
import type { PlotData } from './plot-data.ts'

/** Lines in a tooltip at most: the nearest to the pointer. */
const LINES_MAX = 16

/** What stands beside the pointer; written only when the pointer has reached another point. */
export class PlotTooltip {
  readonly #element: HTMLDivElement
  readonly #data: PlotData
  readonly #options: JsonObject
  readonly #zone: string
  #last = ''

  constructor(element: HTMLDivElement, data: PlotData, options: JsonObject, zone: string) {
    this.#element = element
    this.#data = data
    this.#options = objectOf(options['tooltip'])
    this.#zone = zone
  }

  update(plot: uPlot, isShownHere: boolean): void {
    const { idx, left = -1, top = -1 } = plot.cursor
    const mode = textOf(this.#options['mode']) ?? 'single'
    if (!isShownHere || mode === 'none' || idx === null || idx === undefined || left < 0) {
      this.#element.hidden = true
      this.#last = ''
      return
    }
    const near = this.#nearest(plot, idx, top)
    const wanted = `${idx}|${mode === 'single' ? near[0] : 'all'}|${near.length > LINES_MAX ? Math.round(top / 12) : ''}`
    if (wanted !== this.#last) {
      this.#last = wanted
      this.#write(idx, mode === 'single' ? near.slice(0, 1) : near, near[0])
    }
    this.#element.hidden = false
    this.#place(plot, left, top)
  }

  /** Indexes of series with a value here, nearest to the pointer first. */
  #nearest(plot: uPlot, row: number, top: number): number[] {
    const distance = (i: number): number => {
      const value = plot.data[i + 1]?.[row]
      if (value === null || value === undefined) return Infinity
      return Math.abs(plot.valToPos(value, scaleKey(this.#data.series[i]!)) - top)
    }
    const isZeroHidden = this.#options['hideZeros'] === true
    return this.#data.series
      .flatMap((one, i) => {
        const value = one.values[row]
        const isThere =
          one.isInTooltip && plot.series[i + 1]?.show === true && value !== null && value !== undefined
        return isThere && !(isZeroHidden && value === 0) ? [{ i, far: distance(i) }] : []
      })
      .sort((a, b) => a.far - b.far)
      .map(({ i }) => i)
  }

  #write(row: number, indexes: readonly number[], nearest: number | undefined): void {
    const sort = this.#options['sort']
    const valueOf = (i: number): number => this.#data.series[i]!.values[row] ?? 0
    const lines = indexes.slice(0, LINES_MAX)
    if (sort === 'desc') lines.sort((a, b) => valueOf(b) - valueOf(a))
    else if (sort === 'asc') lines.sort((a, b) => valueOf(a) - valueOf(b))
    else lines.sort((a, b) => a - b)
    const head = document.createElement('strong')
    head.textContent = formatDate(this.#data.times[row]!, 'YYYY-MM-DD HH:mm:ss', this.#zone)
    const list = document.createElement('ul')
    for (const i of lines) list.append(this.#line(i, row, i === nearest && indexes.length > 1))
    this.#element.replaceChildren(head, list)
    if (indexes.length > lines.length) this.#element.append(`… and ${indexes.length - lines.length} more`)
  }

  #line(index: number, row: number, isNearest: boolean): HTMLElement {
    const one = this.#data.series[index]!
    const line = document.createElement('li')
    if (isNearest) line.className = 'nearest'
    const swatch = document.createElement('span')
    swatch.className = 'swatch'
    swatch.style.background = one.color
    const name = document.createElement('span')
    name.className = 'name'
    name.textContent = one.name
    const value = document.createElement('b')
    value.className = 'number'
    value.textContent = seriesText(one, one.values[row])
    line.append(swatch, name, value)
    return line
  }

  #place(plot: uPlot, left: number, top: number): void {
    const box = plot.over.getBoundingClientRect()
    const width = this.#element.offsetWidth
    const height = this.#element.offsetHeight
    const x = box.left + left
    const isLeft = x + 16 + width > window.innerWidth
    this.#element.style.left = `${isLeft ? Math.max(4, x - 16 - width) : x + 16}px`
    this.#element.style.top = `${Math.max(4, Math.min(window.innerHeight - height - 4, box.top + top + 12))}px`
  }
}
