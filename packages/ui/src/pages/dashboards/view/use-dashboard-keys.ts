import { objectsOf, type JsonObject, type RawRange, type TimeRange } from '@promontory/panels'
import { useEffect, useRef } from 'react'
import type { DialogName } from '../dashboard-screen.tsx'
import { nextCrosshair, toggleLegend } from '../data/edits.ts'
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
  /** To another page. */
  readonly go: (path: string) => void
  readonly leave: () => void
  readonly foldAll: (isFolded: boolean) => void
  /** Changes the dashboard, for who may. */
  readonly change: (edit: (model: JsonObject) => JsonObject) => void
  readonly isBusy: boolean
}

const SEQUENCE_MS = 1200

/** What the keys of a dashboard do, for the sheet that lists them. */
export const DASHBOARD_KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['d r', 'Refresh'],
  ['d k', 'Kiosk mode'],
  ['d s', 'Settings'],
  ['d v', 'Versions'],
  ['d j', 'JSON'],
  ['d a', 'Add a panel'],
  ['d n', 'New dashboard'],
  ['d l', 'Legends of all panels, on or off'],
  ['d E', 'Unfold all rows'],
  ['d C', 'Fold all rows'],
  ['t z, Ctrl z', 'Zoom out'],
  ['t +', 'Zoom in'],
  ['t ←', 'Earlier'],
  ['t →', 'Later'],
  ['t a', 'The time as it is now, fixed'],
  ['Ctrl o', 'Crosshair: alone, shared, with tooltips'],
  ['v', 'View the panel (with the pointer on it, or focused)'],
  ['e', 'Edit the panel'],
  ['i', 'Inspect the panel'],
  ['p l', 'Legend of the panel, on or off'],
  ['p d', 'Duplicate the panel'],
  ['p r', 'Remove the panel'],
  ['p u, p s', 'Copy a link to the panel'],
  ['p x', 'Explore what the panel asks'],
  ['c t', 'Dark or light'],
  ['Ctrl k', 'Find a dashboard'],
  ['Alt arrows', 'Move the focused panel; with Shift: its size'],
  ['Ctrl s', 'Save'],
  ['g h, g d, g e …', 'Go to a page; the sheet of the other pages has them all'],
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
      // Whatever dialog is open, of the page or of a panel's editor, has the keys for itself.
      const isBusy = now.isBusy || document.querySelector('dialog[open]') !== null
      if (event.altKey || isBusy || isTyping(event.target)) return
      if (event.ctrlKey || event.metaKey) {
        if (runWithControl(event.key, now)) event.preventDefault()
        return
      }
      const before = performance.now() < until ? prefix : ''
      prefix = ''
      if (before === 'g') return
      const sequence = before === '' ? event.key : `${before} ${event.key}`
      if (before === '' && /^[dtpgc]$/.test(event.key)) {
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
    case 'd v': now.openDialog('versions'); return true
    case 'd j': now.openDialog('json'); return true
    case 'd l': if (now.isEditable) now.change((model) => objectsOf(model['panels']).reduce((all, { id }) => toggleLegend(all, Number(id)), model)); return true
    case 'd a': if (now.isEditable) now.add(); return true
    case 'd E': now.foldAll(false); return true
    case 'd C': now.foldAll(true); return true
    case 'd n': now.go('/dashboard/new'); return true
    case 'p x': panelElement()?.querySelector<HTMLElement>('.panel-menu [data-key="p x"]')?.click(); return panel !== undefined
    case 'c t': document.querySelector<HTMLElement>('[data-theme-toggle]')?.click(); return true
    case 't z': zoomOut(now); return true
    case 't +': move(range.fromMs + span / 4, range.toMs - span / 4); return true
    case 't a': move(range.fromMs, range.toMs); return true
    case 't ArrowLeft': move(range.fromMs - span / 2, range.toMs - span / 2); return true
    case 't ArrowRight': move(range.fromMs + span / 2, range.toMs + span / 2); return true
    case '?': now.openDialog('keys'); return true
    case 'Escape': now.leave(); return false
    case 'v': if (panel !== undefined) now.actions.view(panel); return panel !== undefined
    case 'e': if (panel !== undefined && now.isEditable) now.actions.edit(panel); return panel !== undefined
    case 'i': panelElement()?.querySelector<HTMLElement>('.panel-menu [data-key="i"]')?.click(); return panel !== undefined
    case 'p l': if (panel !== undefined && now.isEditable) now.change((model) => toggleLegend(model, panel)); return true
    case 'p u': case 'p s': if (panel !== undefined) copyLink(panel, range); return true
    case 'p d': if (panel !== undefined && now.isEditable) now.actions.duplicate(panel); return true
    case 'p r': if (panel !== undefined && now.isEditable) now.actions.remove(panel); return true
    default: return false
  } // prettier-ignore
}

/** Grafana's keys with Control, or the command key. */
function runWithControl(key: string, now: KeyTargets): boolean {
  if (key === 'z') zoomOut(now)
  else if (key === 'k') now.go('/dashboards')
  else if (key === 'o' && now.isEditable) now.change(nextCrosshair)
  else return false
  return true
}

function zoomOut({ range, setTime }: KeyTargets): void {
  const half = (range.toMs - range.fromMs) / 2
  setTime({ from: String(Math.round(range.fromMs - half)), to: String(Math.round(range.toMs + half)) })
}

/** The address of one panel in the time that is shown, for the clipboard. */
function copyLink(panel: number, range: TimeRange): void {
  const url = new URL(window.location.href)
  url.searchParams.delete('editPanel')
  url.searchParams.set('viewPanel', String(panel))
  url.searchParams.set('from', String(range.fromMs))
  url.searchParams.set('to', String(range.toMs))
  void navigator.clipboard?.writeText(url.href)
}

/** The panel under the pointer, or the one with the focus. */
function panelElement(): HTMLElement | undefined {
  return (
    document.querySelector<HTMLElement>('[data-panel]:hover') ??
    document.activeElement?.closest<HTMLElement>('[data-panel]') ??
    undefined
  )
}

function pointedPanel(): number | undefined {
  const element = panelElement()
  return element === undefined ? undefined : Number(element.dataset['panel'])
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  )
}
