import type { RawRange, TimeRange } from '@promontory/panels'
import { useEffect, useRef } from 'react'
import type { DialogName } from '../dashboard-screen.tsx'
import type { PanelActions } from './panel-frame.tsx'

export interface KeyTargets {
  readonly range: TimeRange
  readonly raw: RawRange
  readonly actions: PanelActions
  readonly setTime: (range: RawRange) => void
  readonly reload: () => void
  readonly isEditable: boolean
  readonly toggleKiosk: () => void
  readonly save: () => void
  readonly openDialog: (name: DialogName) => void
  readonly add: () => void
  readonly leave: () => void
  readonly foldAll: (isFolded: boolean) => void
  readonly isBusy: boolean
}

const SEQUENCE_MS = 1200

/** What the keys of a dashboard do, for the sheet that lists them. */
export const DASHBOARD_KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['d r', 'Refresh'],
  ['d k', 'Kiosk mode'],
  ['d s', 'Settings'],
  ['d a', 'Add a panel'],
  ['d E', 'Unfold all rows'],
  ['d C', 'Fold all rows'],
  ['t z', 'Zoom out'],
  ['t ←', 'Earlier'],
  ['t →', 'Later'],
  ['v', 'View the panel (with the pointer on it, or focused)'],
  ['e', 'Edit the panel'],
  ['p d', 'Duplicate the panel'],
  ['p r', 'Remove the panel'],
  ['Alt arrows', 'Move the focused panel; with Shift: its size'],
  ['Ctrl s', 'Save'],
  ['Esc', 'Back'],
]

/** Grafana's keys. They come before those of the other pages, so that `d` begins a sequence here. */
export function useDashboardKeys(targets: KeyTargets): void {
  const latest = useRef(targets)
  latest.current = targets
  useEffect(() => {
    let prefix = ''
    let until = 0
    const onKey = (event: KeyboardEvent): void => {
      const now = latest.current
      if ((event.ctrlKey || event.metaKey) && event.key === 's') {
        event.preventDefault()
        if (now.isEditable && !now.isBusy) now.save()
        return
      }
      if (event.ctrlKey || event.metaKey || event.altKey || now.isBusy || isTyping(event.target)) return
      const before = performance.now() < until ? prefix : ''
      prefix = ''
      if (before === 'g') return
      const sequence = before === '' ? event.key : `${before} ${event.key}`
      if (before === '' && /^[dtpg]$/.test(event.key)) {
        prefix = event.key
        until = performance.now() + SEQUENCE_MS
        if (event.key !== 'g') event.stopPropagation()
        return
      }
      if (!run(sequence, now)) return
      event.preventDefault()
      event.stopPropagation()
    }
    window.addEventListener('keydown', onKey, true)
    return () => window.removeEventListener('keydown', onKey, true)
  }, [])
}

function run(sequence: string, now: KeyTargets): boolean {
  const { range } = now
  const span = range.toMs - range.fromMs
  const move = (from: number, to: number): void =>
    now.setTime({ from: String(Math.round(from)), to: String(Math.round(to)) })
  const panel = pointedPanel()
  switch (sequence) {
    case 'd r': now.reload(); return true
    case 'd k': now.toggleKiosk(); return true
    case 'd s': now.openDialog('settings'); return true
    case 'd a': if (now.isEditable) now.add(); return true
    case 'd E': now.foldAll(false); return true
    case 'd C': now.foldAll(true); return true
    case 't z': move(range.fromMs - span / 2, range.toMs + span / 2); return true
    case 't ArrowLeft': move(range.fromMs - span / 2, range.toMs - span / 2); return true
    case 't ArrowRight': move(range.fromMs + span / 2, range.toMs + span / 2); return true
    case '?': now.openDialog('keys'); return true
    case 'Escape': now.leave(); return false
    case 'v': if (panel !== undefined) now.actions.view(panel); return panel !== undefined
    case 'e': if (panel !== undefined && now.isEditable) now.actions.edit(panel); return panel !== undefined
    case 'p d': if (panel !== undefined && now.isEditable) now.actions.duplicate(panel); return true
    case 'p r': if (panel !== undefined && now.isEditable) now.actions.remove(panel); return true
    default: return false
  } // prettier-ignore
}

/** The panel under the pointer, or the one with the focus. */
function pointedPanel(): number | undefined {
  const element =
    document.querySelector<HTMLElement>('[data-panel]:hover') ??
    document.activeElement?.closest<HTMLElement>('[data-panel]')
  return element === null || element === undefined ? undefined : Number(element.dataset['panel'])
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  )
}
