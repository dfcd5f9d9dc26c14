import { objectOf, type Panel } from '@promontory/panels'
import { useLayoutEffect, useState, type ReactNode, type RefObject } from 'react'
import type { PanelData } from '../view/use-panel-data.ts'

/** What every kind of panel gets. */
export interface PanelProps {
  readonly panel: Panel
  readonly data: PanelData
}

/** The size of an element's inside in pixels, followed as it changes. */
export function useSize(element: RefObject<HTMLElement | null>): {
  readonly width: number
  readonly height: number
} {
  const [size, setSize] = useState({ width: 0, height: 0 })
  useLayoutEffect(() => {
    const target = element.current
    if (target === null) return
    const measure = (): void =>
      setSize((now) =>
        now.width === target.clientWidth && now.height === target.clientHeight
          ? now
          : { width: target.clientWidth, height: target.clientHeight },
      )
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(target)
    return () => observer.disconnect()
  }, [element])
  return size
}

/** What a panel says when its queries found nothing. */
export function NoData({ panel, data }: PanelProps): ReactNode {
  const noValue = (panel.fieldConfig['defaults'] as { noValue?: unknown } | undefined)?.noValue
  const foreign = data.plan.foreign
  const library = objectOf(panel.json['libraryPanel'])['name']
  return (
    <div className="panel-empty" data-empty>
      {typeof noValue === 'string' && noValue !== '' ? (
        noValue
      ) : foreign.length > 0 ? (
        <>Asks a data source of the type {foreign.join(', ')}, which is not supported here.</>
      ) : typeof library === 'string' ? (
        <>Shows the library panel ‘{library}’, whose queries are not in this dashboard.</>
      ) : (
        'No data'
      )}
    </div>
  )
}
