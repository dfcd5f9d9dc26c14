import { AnchoredRegex } from '@promontory/model'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { knownAlerts, type KnownAlert } from '../../data/alertmanager.ts'
import { seriesName } from '../../data/format.ts'
import { parseMatchers } from '../../data/silence-matchers.ts'

/** Alerts that are named. */
const NAMED_MAX = 8

/** Which of the present alerts a silence would hold back. */
export function SilencePreview({ text }: { text: string }): ReactNode {
  const alerts = useQuery({ queryKey: ['known-alerts'], queryFn: ({ signal }) => knownAlerts(signal) }).data
  const matched = alerts === undefined ? undefined : matching(text, alerts)
  if (matched === undefined) return null
  return (
    <div className="notice small" aria-live="polite">
      <div>
        {matched.length === 0
          ? 'It matches no alert at present.'
          : `It holds back ${matched.length} of ${alerts!.length} alerts:`}
        {matched.slice(0, NAMED_MAX).map((alert) => (
          <code key={alert.fingerprint} style={{ display: 'block' }}>
            {seriesName(alert.labels)}
          </code>
        ))}
      </div>
    </div>
  )
}

/** Undefined while the text is no list of matchers. */
function matching(text: string, alerts: readonly KnownAlert[]): KnownAlert[] | undefined {
  try {
    const tests = parseMatchers(text).map(({ name, value, isRegex, isEqual }) => {
      const regex = isRegex ? new AnchoredRegex(value) : undefined
      return ({ labels }: KnownAlert): boolean => {
        const label = labels[name] ?? ''
        return (regex === undefined ? label === value : regex.matches(label)) === isEqual
      }
    })
    return tests.length === 0 ? undefined : alerts.filter((alert) => tests.every((holds) => holds(alert)))
  } catch {
    return undefined
  }
}
