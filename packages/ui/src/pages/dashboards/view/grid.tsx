import { interpolate, type GridPos, type PlacedPanel } from '@promontory/panels'
import { useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react'
import { useDashboard } from './context.ts'
import { PanelFrame, type PanelActions } from './panel-frame.tsx'

const ROW_PX = 30
const GAP_PX = 8

/** The panels on their grid of 24 columns. While editing, panels can be moved by their head and sized by their corner. */
export function PanelGrid({
  placed,
  actions,
  onFold,
  onPlace,
}: {
  placed: readonly PlacedPanel[]
  actions: PanelActions
  onFold: (key: string, isFolded: boolean) => void
  onPlace: ((id: number, pos: GridPos) => void) | undefined
}): ReactNode {
  const host = useRef<HTMLDivElement>(null)
  return (
    <div ref={host} className={`grid24${onPlace === undefined ? '' : ' editing'}`}>
      {placed.map((one, i) => (
        <GridItem
          key={one.key}
          placed={one}
          actions={actions}
          onFold={onFold}
          onPlace={onPlace}
          host={host}
          isFolded={isFolded(placed, i)}
        />
      ))}
    </div>
  )
}

/** A row is folded when another row, or nothing, follows it. */
function isFolded(placed: readonly PlacedPanel[], index: number): boolean {
  const next = placed[index + 1]
  return next === undefined || next.panel.type === 'row'
}

function GridItem({
  placed,
  actions,
  onFold,
  onPlace,
  host,
  isFolded: isRowFolded,
}: {
  placed: PlacedPanel
  actions: PanelActions
  onFold: (key: string, isFolded: boolean) => void
  onPlace: ((id: number, pos: GridPos) => void) | undefined
  host: React.RefObject<HTMLDivElement | null>
  isFolded: boolean
}): ReactNode {
  const { scope } = useDashboard()
  const { pos, panel } = placed
  const [moved, setMoved] = useState<GridPos | undefined>(undefined)
  const shown = moved ?? pos
  const style = {
    gridColumn: `${shown.x + 1} / span ${shown.w}`,
    gridRow: `${shown.y + 1} / span ${shown.h}`,
  }
  if (panel.type === 'row') {
    const option = Object.values(placed.repeats)[0]
    const title = interpolate(panel.title, (name, path) =>
      placed.repeats[name] === undefined
        ? scope(name, path)
        : { values: [placed.repeats[name].value], texts: [placed.repeats[name].text], isMulti: false },
    )
    return (
      <div className="grid-row" style={style} data-row={panel.id}>
        <button type="button" aria-expanded={!isRowFolded} onClick={() => onFold(placed.key, !isRowFolded)}>
          <span aria-hidden="true">{isRowFolded ? '▸' : '▾'}</span> {title || option?.text || 'Row'}
          {isRowFolded && panel.panels.length > 0 ? (
            <span className="soft small"> {panel.panels.length} panels</span>
          ) : null}
        </button>
      </div>
    )
  }
  const isMovable = onPlace !== undefined && Object.keys(placed.repeats).length === 0
  const start =
    (kind: 'move' | 'size') =>
    (event: PointerEvent<HTMLElement>): void => {
      if (!isMovable || event.button !== 0) return
      if (
        kind === 'move' &&
        (event.target as HTMLElement).closest('a, button, details, input, select') !== null
      )
        return
      event.preventDefault()
      const column = (host.current!.clientWidth + GAP_PX) / 24
      const [x, y] = [event.clientX, event.clientY]
      const target = event.currentTarget
      target.setPointerCapture(event.pointerId)
      let next = pos
      const onMove = (move: globalThis.PointerEvent): void => {
        const [dx, dy] = [
          Math.round((move.clientX - x) / column),
          Math.round((move.clientY - y) / (ROW_PX + GAP_PX)),
        ]
        next =
          kind === 'move'
            ? { ...pos, x: clamp(pos.x + dx, 0, 24 - pos.w), y: Math.max(0, pos.y + dy) }
            : { ...pos, w: clamp(pos.w + dx, 2, 24 - pos.x), h: clamp(pos.h + dy, 2, 60) }
        setMoved(next)
      }
      const onEnd = (): void => {
        target.removeEventListener('pointermove', onMove)
        target.removeEventListener('pointerup', onEnd)
        target.removeEventListener('pointercancel', onEnd)
        setMoved(undefined)
        if (next !== pos) onPlace(panel.id, next)
      }
      target.addEventListener('pointermove', onMove)
      target.addEventListener('pointerup', onEnd)
      target.addEventListener('pointercancel', onEnd)
    }
  const onKey = (event: KeyboardEvent): void => {
    if (!isMovable || !event.altKey || !event.key.startsWith('Arrow')) return
    event.preventDefault()
    const dx = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0
    const dy = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0
    onPlace(
      panel.id,
      event.shiftKey
        ? { ...pos, w: clamp(pos.w + dx, 2, 24 - pos.x), h: clamp(pos.h + dy, 2, 60) }
        : { ...pos, x: clamp(pos.x + dx, 0, 24 - pos.w), y: Math.max(0, pos.y + dy) },
    )
  }
  return (
    <div
      className={`grid-item${moved === undefined ? '' : ' moving'}`}
      style={style}
      onKeyDown={onKey}
      {...(isMovable
        ? {
            onPointerDown: (event: PointerEvent<HTMLElement>) =>
              (event.target as HTMLElement).closest('.panel-head') === null
                ? undefined
                : start('move')(event),
          }
        : {})}
    >
      <PanelFrame placed={placed} actions={actions} />
      {isMovable ? <span className="size-handle" onPointerDown={start('size')} aria-hidden="true" /> : null}
    </div>
  )
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value))
}
