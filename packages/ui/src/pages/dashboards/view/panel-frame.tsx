import {
  chain,
  dataScope,
  interpolate,
  safeUrl,
  textOf,
  type JsonObject,
  type PlacedPanel,
} from '@promontory/panels'
import { useLocation } from 'wouter'
import { Component, memo, type ComponentType, useEffect, useRef, useState, type ReactNode } from 'react'
import { needsQueries, PanelBody } from '../panels/panel-kinds.tsx'
import { useSize } from '../panels/panel-props.tsx'
import { useDashboard } from './context.ts'
import { usePanelData, type PanelData } from './use-panel-data.ts'

/** What the menu of a panel can do; a viewer has only the first two. */
export interface PanelActions {
  readonly view: (id: number) => void
  readonly inspect: (placed: PlacedPanel, data: PanelData) => void
  readonly edit: (id: number) => void
  readonly duplicate: (id: number) => void
  readonly remove: (id: number) => void
}

/** Panels this far outside of the window are loaded as well. */
const NEAR_PX = '300px'

interface PanelFrameProps {
  readonly placed: PlacedPanel
  readonly actions: PanelActions
  readonly isAlone?: boolean
}

/** A panel with its title, menu, notices, and whatever state it is in. */
export const PanelFrame: ComponentType<PanelFrameProps> = memo(function PanelFrame({
  placed,
  actions,
  isAlone = false,
}: PanelFrameProps): ReactNode {
  const host = useRef<HTMLElement>(null)
  const body = useRef<HTMLDivElement>(null)
  const isInView = useInView(host)
  const { width } = useSize(body)
  const data = usePanelData(placed, isInView && width > 0, width)
  const { panel } = placed
  const title = interpolate(panel.title, data.scope, ({ values, texts }) =>
    (texts.length > 0 ? texts : values).join(' + '),
  )
  const isEmpty = needsQueries(panel.type) && data.isLoading
  return (
    <section
      ref={host}
      className={`panel${panel.isTransparent ? ' transparent' : ''}`}
      aria-label={title || panel.type}
      data-panel={panel.id}
      data-type={panel.type}
      data-state={data.error !== undefined ? 'error' : data.isLoading ? 'loading' : 'ready'}
      tabIndex={-1}
    >
      <header className="panel-head">
        <h2 title={title}>{title}</h2>
        {panel.description === '' ? null : <Description text={interpolate(panel.description, data.scope)} />}
        <PanelLinks links={panel.links} data={data} />
        {data.ownTime === undefined ? null : <span className="soft small">{data.ownTime}</span>}
        {data.notices.length > 0 ? (
          <span
            className="panel-notice"
            role="img"
            aria-label={data.notices.join('\n')}
            title={data.notices.join('\n')}
          >
            !
          </span>
        ) : null}
        <PanelMenu placed={placed} data={data} actions={actions} isAlone={isAlone} title={title} />
      </header>
      <div ref={body} className="panel-body">
        {data.error !== undefined && data.frames.length === 0 ? (
          <div className="panel-error" role="alert">
            <strong>This could not be asked.</strong>
            <p>{data.error.message}</p>
          </div>
        ) : isEmpty || !isInView ? (
          <div className="panel-wait" role="status" aria-busy={isInView} aria-label="Loading" />
        ) : (
          <PanelBoundary key={panel.type}>
            <PanelBody panel={panel} data={data} />
          </PanelBoundary>
        )}
      </div>
    </section>
  )
})

function useInView(element: React.RefObject<HTMLElement | null>): boolean {
  const [isIn, setIn] = useState(false)
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => setIn(entry!.isIntersecting), {
      rootMargin: NEAR_PX,
    })
    observer.observe(element.current!)
    return () => observer.disconnect()
  }, [element])
  return isIn
}

function Description({ text }: { text: string }): ReactNode {
  return (
    <span className="panel-info" role="img" aria-label={text} title={text}>
      i
    </span>
  )
}

function PanelLinks({ links, data }: { links: readonly JsonObject[]; data: PanelData }): ReactNode {
  return links.slice(0, 5).map((link, i) => {
    const [frame] = data.frames
    const scope =
      frame?.fields[0] === undefined
        ? data.scope
        : chain(dataScope({ field: frame.fields[0], frame }), data.scope)
    const href = safeUrl(interpolate(textOf(link['url']) ?? textOf(link['dashUri']) ?? '', scope))
    const name = interpolate(textOf(link['title']) ?? 'Link', scope)
    return href === undefined ? null : (
      <a
        key={i}
        className="panel-link small"
        href={href}
        title={name}
        {...(link['targetBlank'] === true ? { target: '_blank', rel: 'noreferrer' } : {})}
      >
        {name}
      </a>
    )
  })
}

function PanelMenu({
  placed,
  data,
  actions,
  isAlone,
  title,
}: {
  placed: PlacedPanel
  data: PanelData
  actions: PanelActions
  isAlone: boolean
  title: string
}): ReactNode {
  const { isEditable, annotate } = useDashboard()
  const [, navigate] = useLocation()
  const details = useRef<HTMLDetailsElement>(null)
  const { id } = placed.panel
  const run = (action: () => void) => (): void => {
    details.current!.open = false
    action()
  }
  const item = (name: string, key: string, action: () => void): ReactNode => (
    <li>
      <button type="button" data-key={key} onClick={run(action)}>
        {name} {key === '' ? null : <kbd>{key}</kbd>}
      </button>
    </li>
  )
  return (
    <details
      ref={details}
      className="menu panel-menu"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        details.current!.open = false
        details.current!.querySelector('summary')?.focus()
      }}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false
      }}
    >
      <summary aria-label={`Menu of ${title || 'the panel'}`}>⋮</summary>
      <ul>
        {item(isAlone ? 'Back to the dashboard' : 'View', 'v', () => actions.view(id))}
        {isEditable ? item('Edit', 'e', () => actions.edit(id)) : null}
        {annotate === undefined
          ? null
          : item('Annotate', '', () =>
              annotate({ panelId: id, fromMs: data.range.toMs, toMs: data.range.toMs }),
            )}
        {item('Inspect', 'i', () => actions.inspect(placed, data))}
        {exploreOf(data) === undefined ? null : item('Explore', 'p x', () => navigate(exploreOf(data)!))}
        {isEditable && !isAlone ? item('Duplicate', 'p d', () => actions.duplicate(id)) : null}
        {isEditable && !isAlone ? item('Remove', 'p r', () => actions.remove(id)) : null}
      </ul>
    </details>
  )
}

/** The page of queries with what the panel asks of our own data; undefined where it asks nothing of it. */
function exploreOf({ plan, range }: PanelData): string | undefined {
  const own = plan.questions.filter(({ path, language }) => language === 'promql' && path === 'api/v1/')
  if (own.length === 0) return undefined
  const search = new URLSearchParams()
  for (const [i, { expr, instant }] of own.entries()) {
    search.set(`g${i}.expr`, expr)
    search.set(`g${i}.tab`, instant ? '1' : '0')
    search.set(`g${i}.range_input`, `${Math.max(1, Math.round((range.toMs - range.fromMs) / 1000))}s`)
    search.set(`g${i}.end_input`, new Date(range.toMs).toISOString().slice(0, 19).replace('T', ' '))
  }
  return `/query?${search}`
}

/** A panel that fails says so; the others go on. */
class PanelBoundary extends Component<{ children: ReactNode }, { error: Error | undefined }> {
  override state: { error: Error | undefined } = { error: undefined }

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error }
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children
    return (
      <div className="panel-error" role="alert" data-broken>
        <strong>This panel cannot be drawn.</strong>
        <p>{this.state.error.message}</p>
      </div>
    )
  }
}
