import type { Alert } from '@promontory/api'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { dateTime, seconds, shortNumber } from '../../data/format.ts'
import { useFileName } from '../../data/rule-file.ts'
import type { OverviewRule } from '../../data/rules-overview.ts'
import type { SilenceMatcher } from '../../data/silence-matchers.ts'
import { Badge, toneOf } from '../../parts/badge.tsx'
import { Labels } from '../../parts/labels.tsx'
import { LinkedText } from '../../parts/linked-text.tsx'

/** A rule with its first alerts; what fires is open from the start. `onMore` asks for more of them. */
export function AlertRule({
  rule,
  onMore,
  onSilence,
}: {
  rule: OverviewRule
  onMore: (() => void) | undefined
  onSilence: (matchers: readonly SilenceMatcher[]) => void
}): ReactNode {
  const fileName = useFileName()
  const alerts = rule.alerts ?? []
  const others = rule.alertCount - alerts.length
  const state = rule.state ?? 'inactive'
  return (
    <li style={{ alignItems: 'flex-start' }}>
      <details className="grow" open={state === 'firing'}>
        <summary>
          <strong>{rule.name}</strong> <span className="soft small">{summaryOf(rule, alerts)}</span>
        </summary>
        <div className="stack" style={{ paddingTop: 'var(--space-3)', gap: 'var(--space-3)' }}>
          <div>
            <Link href={`/query?g0.expr=${encodeURIComponent(rule.query)}&g0.tab=0`} className="mono expr">
              {rule.query}
            </Link>
            <p className="soft small" style={{ overflowWrap: 'anywhere' }}>
              Group {rule.group} in <span title={rule.file}>{fileName(rule.file)}</span>
              {rule.duration ? `, after ${seconds(rule.duration)}` : ''}
              {rule.keepFiringFor ? `, kept firing for ${seconds(rule.keepFiringFor)}` : ''}
            </p>
          </div>
          {rule.lastError ? <p className="notice bad small">{rule.lastError}</p> : null}
          {alerts.map((alert) => (
            <AlertBox key={JSON.stringify(alert.labels)} alert={alert} onSilence={onSilence} />
          ))}
          {others <= 0 ? null : onMore === undefined ? (
            <p className="soft small">
              {others} others are not shown: search for their labels, or look at the{' '}
              <Link href="/alerts/groups">groups</Link>.
            </p>
          ) : (
            <button type="button" className="button" onClick={onMore}>
              Show more of {others} others
            </button>
          )}
        </div>
      </details>
      <Badge tone={toneOf(state)}>{state}</Badge>
    </li>
  )
}

/** One alert speaks for itself; of several the number; none: what the rule would say, unless that is a template. */
function summaryOf(rule: OverviewRule, alerts: readonly Alert[]): string {
  if (rule.alertCount > 1) return `${rule.alertCount} active`
  const said = alerts[0]?.annotations['summary'] ?? rule.annotations?.['summary'] ?? ''
  return said.includes('{{') ? '' : said
}

function AlertBox({
  alert,
  onSilence,
}: {
  alert: Alert
  onSilence: (matchers: readonly SilenceMatcher[]) => void
}): ReactNode {
  const silence = (): void =>
    onSilence(
      Object.entries(alert.labels).map(([name, value]) => ({ name, value, isRegex: false, isEqual: true })),
    )
  return (
    <div className={`alert-box ${toneOf(alert.state)}`}>
      <div className="row">
        <Badge tone={toneOf(alert.state)}>{alert.state}</Badge>
        <span className="small">
          active since <time title={alert.activeAt}>{dateTime(Date.parse(alert.activeAt))}</time>
        </span>
        <span className="small number" title={alert.value}>
          value {shortNumber(Number(alert.value))}
        </span>
        <button type="button" className="button" style={{ marginLeft: 'auto' }} onClick={silence}>
          Silence
        </button>
      </div>
      <Labels labels={alert.labels} hide={['alertname']} />
      {Object.entries(alert.annotations).map(([name, value]) => (
        <p key={name} className="small" style={{ overflowWrap: 'anywhere' }}>
          <span className="soft">{name}:</span> <LinkedText text={value} />
        </p>
      ))}
    </div>
  )
}
