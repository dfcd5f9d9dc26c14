import { formatRange, parseRange } from '../../data/format.ts'

export type View = 'graph' | 'table' | 'explain'

/** What a panel of the query page shows. */
export interface PanelState {
  /** Stays the same while the panel lives; not in the address. */
  readonly key: number
  readonly expr: string
  readonly view: View
  readonly rangeS: number
  /** End of the range in Unix seconds; undefined for now. */
  readonly endS: number | undefined
  readonly stepS: number | undefined
  readonly stacked: boolean
}

export const DEFAULT_RANGE_S = 3600

let keys = 0

export function emptyPanel(): PanelState {
  return {
    key: ++keys,
    expr: '',
    view: 'graph',
    rangeS: DEFAULT_RANGE_S,
    endS: undefined,
    stepS: undefined,
    stacked: false,
  }
}

/** Reads `g0.expr`, `g0.tab` (0 graph, 1 table; newer: names, and `explain`), `g0.range_input`, `g0.end_input`, `g0.step_input`, `g0.stacked`. */
export function panelsFromSearch(search: string): PanelState[] {
  const params = new URLSearchParams(search)
  const panels: PanelState[] = []
  for (let i = 0; params.has(`g${i}.expr`); i++) {
    const get = (name: string): string => params.get(`g${i}.${name}`) ?? ''
    const end = get('end_input') || get('moment_input')
    const endMs =
      end === ''
        ? Number.NaN
        : Date.parse(/[zZ]|[+-]\d\d:\d\d$/.test(end) ? end : `${end.replace(' ', 'T')}Z`)
    panels.push({
      key: ++keys,
      expr: get('expr'),
      view: viewOf(get('tab')),
      rangeS: parseRange(get('range_input')) ?? DEFAULT_RANGE_S,
      endS: Number.isNaN(endMs) ? undefined : endMs / 1000,
      stepS: Number(get('step_input')) || parseRange(get('step_input')),
      stacked: get('stacked') === '1' || get('display_mode') === 'stacked',
    })
  }
  return panels.length === 0 ? [emptyPanel()] : panels
}

const TABS: Readonly<Record<View, string>> = { graph: '0', table: '1', explain: 'explain' }

function viewOf(tab: string): View {
  if (tab === 'explain') return 'explain'
  return tab === '1' || tab === 'table' ? 'table' : 'graph'
}

/** `?g0.expr=…`, or nothing for one empty panel. */
export function searchFromPanels(panels: readonly PanelState[]): string {
  if (panels.every(({ expr }) => expr === '') && panels.length < 2) return ''
  const params = new URLSearchParams()
  panels.forEach((panel, i) => {
    params.set(`g${i}.expr`, panel.expr)
    params.set(`g${i}.tab`, TABS[panel.view])
    params.set(`g${i}.range_input`, formatRange(panel.rangeS))
    if (panel.endS !== undefined)
      params.set(`g${i}.end_input`, new Date(panel.endS * 1000).toISOString().slice(0, 19).replace('T', ' '))
    if (panel.stepS !== undefined) params.set(`g${i}.step_input`, String(panel.stepS))
    if (panel.stacked) params.set(`g${i}.stacked`, '1')
  })
  return `?${params}`
}
