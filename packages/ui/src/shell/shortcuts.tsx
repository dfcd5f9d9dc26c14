import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'

/** Keys after `g`. */
const PAGES: Readonly<Record<string, readonly [path: string, name: string]>> = {
  h: ['/', 'Home'],
  d: ['/dashboards', 'Dashboards'],
  q: ['/query', 'Query'],
  e: ['/query', 'Query (as Explore in Grafana)'],
  a: ['/alerts', 'Alerts'],
  r: ['/rules', 'Rules'],
  i: ['/incidents', 'Incidents'],
  t: ['/targets', 'Targets'],
  s: ['/status', 'Status'],
  u: ['/admin/users', 'Users'],
  p: ['/admin/account', 'My account'],
}

const SEQUENCE_MS = 1200

/** Keyboard shortcuts of all pages, and the sheet that lists them. */
export function Shortcuts({
  open,
  onOpen,
  toggleTheme,
}: {
  open: boolean
  onOpen: (open: boolean) => void
  toggleTheme: () => void
}): ReactNode {
  const [, navigate] = useLocation()
  const [, setPrefix] = useState(0)
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    let prefixUntil = 0
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (performance.now() < prefixUntil && PAGES[event.key] !== undefined) {
        prefixUntil = 0
        event.preventDefault()
        navigate(PAGES[event.key]![0])
      } else if (event.key === 'g') {
        prefixUntil = performance.now() + SEQUENCE_MS
        setPrefix(prefixUntil)
      } else if (event.key === '?') onOpen(true)
      else if (event.key === 'd') toggleTheme()
      else if (event.key === '/') {
        const search = document.querySelector<HTMLElement>(
          '[data-search] .cm-content, [data-search] textarea, input[data-search]',
        )
        if (search === null) return
        event.preventDefault()
        search.focus()
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [navigate, onOpen, toggleTheme])
  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
  }, [open])
  return (
    <dialog ref={dialog} className="sheet" onClose={() => onOpen(false)} aria-labelledby="shortcuts-title">
      <h2 id="shortcuts-title" style={{ marginBottom: 'var(--space-4)' }}>
        Keyboard shortcuts
      </h2>
      <dl className="facts">
        {Object.entries(PAGES).map(([key, [, name]]) => (
          <div key={key} style={{ display: 'contents' }}>
            <dt>
              <kbd>g</kbd> <kbd>{key}</kbd>
            </dt>
            <dd>{name}</dd>
          </div>
        ))}
        <dt>
          <kbd>/</kbd>
        </dt>
        <dd>Search, or the query editor</dd>
        <dt>
          <kbd>Enter</kbd>
        </dt>
        <dd>
          Run the query (<kbd>Shift</kbd> <kbd>Enter</kbd>: new line)
        </dd>
        <dt>
          <kbd>d</kbd>
        </dt>
        <dd>Dark or light</dd>
        <dt>
          <kbd>?</kbd>
        </dt>
        <dd>This list</dd>
      </dl>
      <form method="dialog" style={{ marginTop: 'var(--space-5)' }}>
        <button className="button primary">Close</button>
      </form>
    </dialog>
  )
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  )
}
