import {
  adHocFilters,
  allVariablesText,
  builtInScope,
  chain,
  dashboardOf,
  durationMs,
  layOut,
  parseRange,
  single,
  variableScope,
  type AdHocFilter,
  type BuiltIns,
  type JsonObject,
  type OpenedDashboard,
  type PlacedPanel,
  type RawRange,
  type Scope,
  type TimeRange,
} from '@promontory/panels'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { useLocation, useSearch } from 'wouter'
import { EmptyState } from '../../parts/states.tsx'
import { changeUrl, readUrl } from './data/dashboard-url.ts'
import { dataSourcesQuery } from './data/data-sources.ts'
import { addPanel, changePanel, newPanel, placePanel } from './data/edits.ts'
import { grafana, type DashboardMeta } from './data/grafana-api.ts'
import { AnnotationDialog, type AnnotationDraft } from './view/annotation-dialog.tsx'
import { DashboardBar } from './view/dashboard-bar.tsx'
import { DashboardContext, type AnnotationMark, type DashboardView } from './view/context.ts'
import { PanelGrid } from './view/grid.tsx'
import { PanelFrame, type PanelActions } from './view/panel-frame.tsx'
import { useAnnotations } from './view/use-annotations.ts'
import { useColorTheme } from './view/use-color-theme.ts'
import { useDashboardKeys } from './view/use-dashboard-keys.ts'
import type { PanelData } from './view/use-panel-data.ts'
import { useVariables } from './view/use-variables.ts'
import { VariableBar } from './view/variable-bar.tsx'

const PanelEditor = lazy(async () => ({ default: (await import('./editor/panel-editor.tsx')).PanelEditor }))
const DashboardDialogs = lazy(async () => ({
  default: (await import('./editor/dialogs.tsx')).DashboardDialogs,
}))

/** Which dialog is open. */
export type DialogName = 'save' | 'json' | 'versions' | 'settings' | 'keys'

/** An open dashboard: its state stands in the address, its changes here until they are saved. */
export function DashboardScreen({
  opened,
  meta,
  isNew,
  onReload,
}: {
  opened: OpenedDashboard
  meta: DashboardMeta
  isNew: boolean
  onReload: () => void
}): ReactNode {
  const [location, navigate] = useLocation()
  const search = useSearch()
  const url = useMemo(() => readUrl(search), [search])
  const [model, setModel] = useState<JsonObject>(opened.model)
  const [dialog, setDialog] = useState<DialogName | undefined>(undefined)
  const [inspected, setInspected] = useState<{ placed: PlacedPanel; data: PanelData } | undefined>(undefined)
  const [folded, setFolded] = useState<Readonly<Record<string, boolean>>>({})
  const [tick, setTick] = useState(0)
  const dashboard = useMemo(() => dashboardOf(model), [model])
  const theme = useColorTheme()
  const zone = url.timezone ?? dashboard.timezone
  const raw = useMemo(
    (): RawRange => ({ from: url.from ?? dashboard.time.from, to: url.to ?? dashboard.time.to }),
    [url.from, url.to, dashboard.time.from, dashboard.time.to],
  )
  const range = useMemo(
    () => safeRange(raw, zone, dashboard.fiscalYearStartMonth),
    [raw, zone, dashboard.fiscalYearStartMonth, tick],
  )
  const sources = useQuery(dataSourcesQuery).data
  const user = useUser(model)
  const { uid, title } = dashboard
  const base = useMemo(
    () => builtInScope({ range, dashboard: { uid, title }, zone, user }),
    [range, uid, title, zone, user],
  )
  const variables = useVariables(dashboard.variables, url.choices, base, range, sources, tick)
  const { choices, options } = variables
  const scope = useMemo((): Scope => {
    const own = chain(variableScope(dashboard.variables, choices, options, range), base)
    return (name, path) => {
      if (name === '__url_time_range') return single(`from=${raw.from}&to=${raw.to}`)
      if (name === '__all_variables') return single(allVariablesText(dashboard.variables, choices))
      return own(name, path)
    }
  }, [dashboard.variables, choices, options, base, range, raw])
  const filters = useMemo(() => filtersOf(dashboard.variables, choices), [dashboard.variables, choices])
  const annotations = useAnnotations(
    dashboard.annotations,
    range,
    scope,
    sources ?? [],
    theme,
    tick,
    uid,
    variables.isReady,
  )
  const [draft, setDraft] = useState<AnnotationDraft | undefined>(undefined)
  const isEditable = dashboard.isEditable && meta.canEdit !== false
  // Annotations belong to a stored dashboard, and do not change it: a provisioned one takes them too.
  const canAnnotate = meta.canEdit !== false && uid !== '' && !isNew
  const queries = useQueryClient()
  const askAnnotations = useCallback(
    () => void queries.invalidateQueries({ queryKey: ['dashboard-annotations'] }),
    [queries],
  )
  const removeAnnotation = useCallback(
    ({ id }: AnnotationMark) =>
      void grafana(`api/annotations/${id}`, { method: 'DELETE' }).then(askAnnotations, askAnnotations),
    [askAnnotations],
  )
  const go = useCallback(
    (
      change: Readonly<Record<string, string | undefined>>,
      values?: Readonly<Record<string, readonly string[]>>,
      replace = false,
    ) => navigate(`${location}${changeUrl(window.location.search, change, values)}`, { replace }),
    [navigate, location],
  )
  const setTime = useCallback((next: RawRange) => go({ from: next.from, to: next.to }), [go])
  const setChoice = useCallback((name: string, values: readonly string[]) => go({}, { [name]: values }), [go])
  const reload = useCallback(() => setTick((count) => count + 1), [])
  const refresh = url.refresh ?? dashboard.refresh
  useAutoRefresh(refresh, reload, dialog === undefined && url.editPanel === undefined)
  useEffect(() => {
    if (url.isKiosk) document.documentElement.dataset['kiosk'] = ''
    else delete document.documentElement.dataset['kiosk']
    return () => {
      delete document.documentElement.dataset['kiosk']
    }
  }, [url.isKiosk])
  const isChanged = model !== opened.model || isNew
  useEffect(() => {
    if (model === opened.model) return
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [model, opened.model])
  const latest = useRef({ model, url })
  latest.current = { model, url }
  const actions = useMemo(
    (): PanelActions => ({
      view: (id) => go({ viewPanel: latest.current.url.viewPanel === undefined ? String(id) : undefined }),
      inspect: (placed, data) => setInspected({ placed, data }),
      edit: (id) => go({ editPanel: String(id) }),
      duplicate: (id) =>
        setModel((now) => {
          const found = findPanel(now, id)
          return found === undefined
            ? now
            : addPanel(now, found, found['gridPos'] as { w: number; h: number }).model
        }),
      remove: (id) => setModel((now) => changePanel(now, id, () => undefined)),
    }),
    [go],
  )
  const add = (): void => {
    const added = addPanel(model, newPanel())
    setModel(added.model)
    go({ editPanel: String(added.id) })
  }
  const placed = useMemo(
    () =>
      variables.isReady
        ? layOut(dashboard.panels, { variables: dashboard.variables, choices, options, folded })
        : [],
    [dashboard.panels, dashboard.variables, choices, options, folded, variables.isReady],
  )
  const view = useMemo(
    (): DashboardView | undefined =>
      sources === undefined
        ? undefined
        : {
            dashboard,
            rawRange: raw,
            range,
            zone,
            choices,
            options,
            scope,
            filters,
            sources,
            theme,
            tick,
            isEditable,
            annotations,
            annotate: canAnnotate ? setDraft : undefined,
            removeAnnotation: canAnnotate ? removeAnnotation : undefined,
            setTime,
            setChoice,
          },
    [
      dashboard,
      raw,
      range,
      zone,
      choices,
      options,
      scope,
      filters,
      sources,
      theme,
      tick,
      isEditable,
      annotations,
      canAnnotate,
      removeAnnotation,
      setTime,
      setChoice,
    ],
  )
  useDashboardKeys({
    range,
    raw,
    actions,
    setTime,
    reload,
    isEditable,
    toggleKiosk: () => go({ kiosk: url.isKiosk ? undefined : '' }),
    save: () => setDialog('save'),
    openDialog: setDialog,
    add,
    go: navigate,
    leave: () =>
      url.editPanel !== undefined
        ? go({ editPanel: undefined })
        : url.viewPanel !== undefined
          ? go({ viewPanel: undefined })
          : url.isKiosk
            ? go({ kiosk: undefined })
            : undefined,
    foldAll: (isFolded) =>
      setFolded(
        Object.fromEntries(
          placed.filter(({ panel }) => panel.type === 'row').map(({ key }) => [key, isFolded]),
        ),
      ),
    change: setModel,
    isBusy: dialog !== undefined || draft !== undefined || inspected !== undefined,
  })
  if (view === undefined)
    return (
      <div className="dashboard" aria-busy="true">
        <h1 className="visually-hidden">{title}</h1>
      </div>
    )
  const edited = url.editPanel === undefined ? undefined : findPlaced(placed, url.editPanel)
  const alone = url.viewPanel === undefined ? undefined : findPlaced(placed, url.viewPanel)
  return (
    <DashboardContext value={view}>
      <div className="dashboard" data-ready={variables.isReady}>
        <DashboardBar
          meta={meta}
          isChanged={isChanged}
          refresh={refresh}
          onRefresh={(interval) => go({ refresh: interval })}
          onReload={reload}
          onAdd={add}
          onAddRow={() =>
            setModel(
              addPanel(model, { type: 'row', title: 'Row', collapsed: false, panels: [] }, { w: 24, h: 1 })
                .model,
            )
          }
          onDialog={setDialog}
          onDiscard={model === opened.model ? undefined : () => setModel(opened.model)}
        />
        <VariableBar errors={variables.errors} />
        {edited !== undefined ? (
          <Suspense fallback={<div aria-busy="true" />}>
            <PanelEditor
              key={edited.panel.id}
              placed={edited}
              actions={actions}
              onChange={(panel) => setModel((now) => changePanel(now, edited.panel.id, () => panel))}
              onClose={() => go({ editPanel: undefined })}
              onSave={() => setDialog('save')}
            />
          </Suspense>
        ) : alone !== undefined ? (
          <div className="panel-alone">
            <PanelFrame placed={alone} actions={actions} isAlone />
          </div>
        ) : !variables.isReady ? (
          <div aria-busy="true" style={{ minHeight: '60vh' }} />
        ) : placed.length === 0 ? (
          <EmptyState
            title="This dashboard has no panel yet"
            text="Add one: choose a metric, and how it is drawn."
          >
            {isEditable ? (
              <button type="button" className="button primary" onClick={add}>
                Add a panel
              </button>
            ) : null}
          </EmptyState>
        ) : (
          <PanelGrid
            placed={placed}
            actions={actions}
            onFold={(key, isFolded) => setFolded((now) => ({ ...now, [key]: isFolded }))}
            onPlace={isEditable ? (id, pos) => setModel((now) => placePanel(now, id, pos)) : undefined}
          />
        )}
        {draft !== undefined ? (
          <AnnotationDialog
            draft={draft}
            uid={uid}
            zone={zone}
            onDone={() => {
              setDraft(undefined)
              askAnnotations()
            }}
            onClose={() => setDraft(undefined)}
          />
        ) : null}
        {dialog !== undefined || inspected !== undefined ? (
          <Suspense fallback={null}>
            <DashboardDialogs
              name={dialog}
              inspected={inspected}
              opened={opened}
              model={model}
              meta={meta}
              isNew={isNew}
              current={{ raw, choices }}
              onModel={setModel}
              onSaved={(path) => {
                setDialog(undefined)
                if (isNew)
                  navigate(`${path}${changeUrl(window.location.search, { editPanel: undefined })}`, {
                    replace: true,
                  })
                else {
                  go({ editPanel: undefined }, undefined, true)
                  onReload()
                }
              }}
              onReload={onReload}
              onClose={() => {
                setDialog(undefined)
                setInspected(undefined)
              }}
            />
          </Suspense>
        ) : null}
      </div>
    </DashboardContext>
  )
}

function safeRange(raw: RawRange, zone: string, fiscalStart: number): TimeRange {
  const nowMs = Date.now()
  try {
    const range = parseRange(raw, nowMs, zone, fiscalStart)
    if (range.fromMs < range.toMs) return range
  } catch {
    // A time that cannot be read shows the last hours, as a dashboard without one does.
  }
  return { fromMs: nowMs - 6 * 3_600_000, toMs: nowMs }
}

function useAutoRefresh(interval: string, reload: () => void, isOn: boolean): void {
  useEffect(() => {
    const ms = interval === 'auto' ? 30_000 : durationMs(interval)
    if (!isOn || ms === undefined || ms < 1000) return
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') reload()
    }, ms)
    return () => clearInterval(timer)
  }, [interval, reload, isOn])
}

function filtersOf(
  variables: ReturnType<typeof dashboardOf>['variables'],
  choices: Readonly<Record<string, readonly string[]>>,
): readonly AdHocFilter[] {
  return variables
    .filter(({ type }) => type === 'adhoc')
    .flatMap((variable) => {
      const chosen = (choices[variable.name] ?? []).filter((text) => text.includes('|'))
      if (chosen.length === 0) return adHocFilters(variable)
      return chosen.map((text) => {
        const [key = '', operator = '=', ...value] = text.split('|')
        return { key, operator, value: value.join('|') }
      })
    })
}

function findPlaced(placed: readonly PlacedPanel[], id: string): PlacedPanel | undefined {
  return placed.find(({ key }) => key === id) ?? placed.find(({ panel }) => String(panel.id) === id)
}

function findPanel(model: JsonObject, id: number): JsonObject | undefined {
  let found: JsonObject | undefined
  changePanel(model, id, (panel) => (found = panel))
  return found
}

/** Who is looking, for dashboards that ask with `$__user`. */
function useUser(model: JsonObject): BuiltIns['user'] {
  const isAsked = useMemo(() => JSON.stringify(model).includes('__user'), [model])
  const { data } = useQuery({
    queryKey: ['user'],
    queryFn: ({ signal }) => grafana<NonNullable<BuiltIns['user']>>('api/user', { signal }),
    enabled: isAsked,
    staleTime: Infinity,
    retry: false,
  })
  return data
}
