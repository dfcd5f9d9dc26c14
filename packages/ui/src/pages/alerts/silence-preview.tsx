import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { findAlerts } from '../../data/alertmanager.ts'
import { seriesName } from '../../data/format.ts'
import { matcherText, parseMatchers } from '../../data/silence-matchers.ts'
import { useSettled } from '../../parts/settled.ts'

/** Alerts that are named. */
const NAMED_MAX = 8

/** Which of the present alerts a silence would hold back. */
export function SilencePreview({ text }: { text: string }): ReactNode {
  const matchers = matchersOf(useSettled(text))
  const { data } = useQuery({
    queryKey: ['found-alerts', matchers],
    queryFn: ({ signal }) => findAlerts({ matchers: matchers ?? [], limit: NAMED_MAX }, signal),
    enabled: matchers !== undefined,
    placeholderData: (before) => before,
  })
  if (matchers === undefined || data === undefined) return null
  const { alerts, count, total } = data
  return (
    <div className="notice small" aria-live="polite">
      <div>
        {count === 0
          ? 'It matches no alert at present.'
          : `It holds back ${count.toLocaleString('en')} of ${total.toLocaleString('en')} alerts:`}
        {alerts.map((alert) => (
          <code key={alert.fingerprint} style={{ display: 'block', overflowWrap: 'anywhere' }}>
            {seriesName(alert.labels)}
          </code>
        ))}
        {count > alerts.length ? `and ${(count - alerts.length).toLocaleString('en')} more` : null}
      </div>
    </div>
  )
}

/** Undefined while the text is no list of matchers. */
function matchersOf(text: string): string[] | undefined {
  try {
    const matchers = parseMatchers(text).map(matcherText)
    return matchers.length === 0 ? undefined : matchers
  } catch {
    return undefined
  }
}
