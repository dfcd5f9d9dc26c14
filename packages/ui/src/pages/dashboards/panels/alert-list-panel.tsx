import { interpolate, isMatch, numberOf, objectOf, textOf, type JsonObject } from '@promontory/panels'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { ago } from '../../../data/format.ts'
import { askRules, type OverviewRule } from '../../../data/rules-overview.ts'
import { parseMatchers, type SilenceMatcher } from '../../../data/silence-matchers.ts'
import { Badge } from '../../../parts/badge.tsx'
import { useDashboard } from '../view/context.ts'
import type { PanelProps } from './panel-props.tsx'

const ALERTS_DEFAULT = 20
const STATES = ['firing', 'pending'] as const

type Alert = NonNullable<OverviewRule['alerts']>[number]

/** What an alert list shows. */
interface Wanted {
  readonly name: string
  readonly states: readonly (typeof STATES)[number][]
  readonly matchers: readonly SilenceMatcher[]
  readonly limit: number
}

/** Alerts of this server that are firing or pending; the server sends the first of those that fit, not all. */
export function AlertListPanel({ panel, data }: PanelProps): ReactNode {
  const { tick } = useDashboard()
  const wanted = wantedOf(panel.options, (text) => interpolate(text, data.scope))
  const { data: alerts, error } = useQuery({
    queryKey: ['alerts', wanted, tick],
    queryFn: ({ signal }) => loadAlerts(wanted, signal),
  })
  if (error !== null) return <div className="panel-empty">{error.message}</div>
  if (alerts === undefined) return <div className="panel-wait" aria-busy="true" />
  if (alerts.length === 0)
    return (
      <div className="panel-empty" data-mark>
        No alert is firing.
      </div>
    )
  return (
    <ul className="panel-list" data-mark>
      {alerts.map((alert) => (
        <li key={JSON.stringify(alert.labels)}>
          <Badge tone={alert.state === 'firing' ? 'bad' : 'warn'}>{alert.state}</Badge>
          <Link href="/alerts">{alert.labels['alertname']}</Link>
          <span className="soft small">{ago(alert.activeAt, Date.now())}</span>
        </li>
      ))}
    </ul>
  )
}

function wantedOf(options: JsonObject, fill: (text: string) => string): Wanted {
  const chosen = objectOf(options['stateFilter'])
  return {
    name: fill(textOf(options['alertName']) ?? ''),
    states: STATES.filter((state) => chosen[state] !== false),
    matchers: matchersOf(fill(textOf(options['alertInstanceLabelFilter']) ?? '')),
    limit: numberOf(options['maxItems']) ?? ALERTS_DEFAULT,
  }
}

/** What is no matcher yet, as while somebody writes it, chooses nothing out. */
function matchersOf(text: string): SilenceMatcher[] {
  try {
    return parseMatchers(text)
  } catch {
    return []
  }
}

async function loadAlerts(
  { name, states, matchers, limit }: Wanted,
  signal: AbortSignal,
): Promise<readonly Alert[]> {
  const found = await Promise.all(
    states.map((state) => askRules({ search: name, state, limit, alertLimit: limit }, signal)),
  )
  const fits = ({ labels }: Alert): boolean =>
    (labels['alertname'] ?? '').toLowerCase().includes(name.toLowerCase()) &&
    matchers.every((matcher) => isMatched(matcher, labels[matcher.name] ?? ''))
  const all = found.flatMap(({ rules }) => rules.flatMap(({ alerts }) => alerts ?? [])).filter(fits)
  // A rule of one state may have alerts of the other as well.
  const distinct = new Map(all.map((alert) => [JSON.stringify(alert.labels), alert]))
  return [...distinct.values()]
    .filter(({ state }) => states.some((one) => one === state))
    .sort((a, b) => a.state.localeCompare(b.state))
    .slice(0, limit)
}

function isMatched({ value, isRegex, isEqual }: SilenceMatcher, label: string): boolean {
  return (isRegex ? isMatch(`^(?:${value})$`, label) : label === value) === isEqual
}
