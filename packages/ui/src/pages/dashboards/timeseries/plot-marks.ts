import { formatDate, formattedText, unitFormat } from '@promontory/panels'
import type uPlot from 'uplot'
import type { Exemplar } from '../data/exemplars.ts'
import type { AnnotationMark } from '../view/context.ts'
import { scaleKey } from './plot.ts'
import type { PlotData } from './plot-data.ts'

/** What lies on a chart to be pointed at: exemplars and annotations. */
export interface MarksInput {
  readonly data: PlotData
  readonly exemplars: readonly Exemplar[]
  readonly annotations: readonly AnnotationMark[]
  readonly zone: string
  /** Undefined for who may not. */
  readonly onRemove: ((mark: AnnotationMark) => void) | undefined
}

/** Annotations that can be pointed at, at most; all of them are drawn. */
const HANDLES_MAX = 200

/**
 * Diamonds at exemplars and handles below annotations: buttons, so that the keyboard reaches them. Pointing at one shows
 * its card; a click keeps the card open, for its links.
 */
export class PlotMarks {
  readonly #plot: uPlot
  readonly #input: MarksInput
  readonly #layer: HTMLDivElement
  readonly #card: HTMLDivElement
  #pinned: HTMLElement | undefined
  /** While the focus goes back to a button whose card was closed. */
  #isReturning = false

  constructor(plot: uPlot, input: MarksInput) {
    this.#plot = plot
    this.#input = input
    this.#layer = element('div', 'plot-marks')
    this.#card = element('div', 'plot-card')
    this.#card.hidden = true
    for (const part of [this.#layer, this.#card])
      part.addEventListener('keydown', (event) => {
        if (event.key !== 'Escape' || this.#card.hidden) return
        // The dashboard would leave its view.
        event.stopPropagation()
        this.#close()
      })
    plot.over.append(this.#layer, this.#card)
    this.place()
  }

  /** Puts everything where the axes will be: the chart lays them out at the end of this turn. */
  place(): void {
    queueMicrotask(() => this.#layOut())
  }

  #layOut(): void {
    this.#close()
    const { exemplars, annotations } = this.#input
    this.#layer.replaceChildren(
      ...exemplars.flatMap((one) => this.#diamond(one) ?? []),
      ...annotations.slice(0, HANDLES_MAX).flatMap((one) => this.#handle(one) ?? []),
    )
  }

  #diamond(one: Exemplar): HTMLElement | undefined {
    const x = this.#plot.valToPos(one.timeMs, 'x')
    if (x < 0 || x > this.#plot.over.clientWidth) return undefined
    const series = this.#input.data.series.find(({ frame }) => frame.refId === one.refId)
    const key = series === undefined ? undefined : scaleKey(series)
    const height = this.#plot.over.clientHeight
    // One that lies outside of the axis is shown at its end.
    const y = key === undefined ? height : Math.max(0, Math.min(height, this.#plot.valToPos(one.value, key)))
    const button = this.#button('plot-exemplar', x, y, 'Exemplar', () => this.#exemplarCard(one))
    if (series !== undefined) button.style.color = series.color
    return button
  }

  #handle(mark: AnnotationMark): HTMLElement | undefined {
    const x = this.#plot.valToPos(mark.timeMs, 'x')
    if (x < 0 || x > this.#plot.over.clientWidth) return undefined
    const name = `Annotation: ${mark.title || mark.text}`
    const button = this.#button('plot-annotation', x, this.#plot.over.clientHeight, name, () =>
      this.#annotationCard(mark),
    )
    button.style.color = mark.color
    return button
  }

  #button(kind: string, x: number, y: number, name: string, card: () => HTMLElement[]): HTMLButtonElement {
    const button = element('button', kind)
    button.type = 'button'
    button.setAttribute('aria-label', name)
    button.style.left = `${x}px`
    button.style.top = `${y}px`
    const show = (): void => {
      if (this.#pinned === undefined && !this.#isReturning) this.#open(card(), x, y)
    }
    const hide = (): void => {
      if (this.#pinned === undefined) this.#close()
    }
    button.addEventListener('mouseenter', show)
    button.addEventListener('focus', show)
    button.addEventListener('mouseleave', hide)
    button.addEventListener('blur', hide)
    // The chart would begin to zoom.
    button.addEventListener('mousedown', (event) => event.stopPropagation())
    button.addEventListener('click', () => {
      const isOpen = this.#pinned === button
      this.#close()
      if (isOpen) return
      this.#open(card(), x, y)
      this.#pinned = button
      this.#card.querySelector<HTMLElement>('a, button')?.focus()
    })
    return button
  }

  #exemplarCard({ timeMs, value, labels, seriesLabels, links }: Exemplar): HTMLElement[] {
    const format = unitFormat(this.#input.data.series[0]?.field.config.unit)
    const rows: (readonly [string, string])[] = [
      ['Value', formattedText(format(value))],
      ...Object.entries(labels),
      ...Object.entries(seriesLabels),
    ]
    return [this.#head('Exemplar', timeMs), list(rows), ...links.map(linkOf)]
  }

  #annotationCard(mark: AnnotationMark): HTMLElement[] {
    const text = element('p', '')
    text.textContent = mark.text
    const tags = element('p', 'soft small')
    tags.textContent = mark.tags.filter((tag) => tag !== '').join(', ')
    const parts: HTMLElement[] = [this.#head(mark.title, mark.timeMs, mark.endMs)]
    if (mark.text !== '') parts.push(text)
    if (tags.textContent !== '') parts.push(tags)
    const { onRemove } = this.#input
    if (mark.id !== undefined && onRemove !== undefined) {
      const remove = element('button', 'button small')
      remove.type = 'button'
      remove.textContent = 'Remove'
      remove.addEventListener('click', () => onRemove(mark))
      parts.push(remove)
    }
    return parts
  }

  #head(title: string, timeMs: number, endMs = timeMs): HTMLElement {
    const head = element('strong', '')
    const write = (at: number): string => formatDate(at, 'YYYY-MM-DD HH:mm:ss', this.#input.zone)
    head.textContent = [title, write(timeMs) + (endMs > timeMs ? ` to ${write(endMs)}` : '')]
      .filter((part) => part !== '')
      .join(' · ')
    return head
  }

  #open(content: readonly HTMLElement[], x: number, y: number): void {
    this.#card.replaceChildren(...content)
    this.#card.hidden = false
    const box = this.#plot.over.getBoundingClientRect()
    const { offsetWidth: width, offsetHeight: height } = this.#card
    this.#card.style.left = `${Math.max(4, Math.min(window.innerWidth - width - 4, box.left + x + 10))}px`
    this.#card.style.top = `${Math.max(4, Math.min(window.innerHeight - height - 4, box.top + y - height - 10))}px`
  }

  #close(): void {
    const pinned = this.#pinned
    this.#pinned = undefined
    const hadFocus = this.#card.contains(document.activeElement)
    this.#card.hidden = true
    this.#isReturning = true
    if (hadFocus) pinned?.focus()
    this.#isReturning = false
  }
}

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className: string,
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  return made
}

function list(rows: readonly (readonly [string, string])[]): HTMLElement {
  const made = element('dl', '')
  for (const [name, value] of rows) {
    const term = element('dt', '')
    term.textContent = name
    const text = element('dd', '')
    text.textContent = value
    made.append(term, text)
  }
  return made
}

function linkOf({ name, href }: { readonly name: string; readonly href: string | undefined }): HTMLElement {
  if (href === undefined) {
    const text = element('p', 'soft small')
    text.textContent = name
    return text
  }
  const link = element('a', '')
  link.href = href
  link.target = '_blank'
  link.rel = 'noreferrer'
  link.textContent = name
  return link
}
