import type { ReactNode } from 'react'
import type { RouteStanding } from '../../data/alerting.ts'
import { dateTime } from '../../data/format.ts'
import { Badge } from '../../parts/badge.tsx'

/** The routes that an alert takes, and how it stands with each of their ways out. */
export function Standings({ routes }: { routes: readonly RouteStanding[] }): ReactNode {
  return (
    <ul className="list">
      {routes.map((route) => (
        <li key={route.routeId}>
          <Badge tone={route.mutedBy.length > 0 || route.acknowledgedBy !== undefined ? 'warn' : 'good'}>
            {route.receiver}
          </Badge>
          <span className="grow small">
            <code>{route.groupKey}</code>
            {route.mutedBy.length === 0 ? null : <> held back by {route.mutedBy.join(', ')}</>}
            {route.acknowledgedBy === undefined ? null : <> acknowledged by {route.acknowledgedBy}</>}
            {route.nextFlushMs === undefined ? null : (
              <span className="soft"> looked at next {dateTime(route.nextFlushMs)}</span>
            )}
            {route.integrations.length === 0 ? <span className="soft"> delivers nowhere</span> : null}
            {route.integrations.map((one) => (
              <span key={one.name} style={{ display: 'block' }}>
                {one.name}
                <span className="soft">
                  {one.toldAtMs === undefined ? ': not told yet' : `: told ${dateTime(one.toldAtMs)}`}
                  {one.repeatsAtMs === undefined
                    ? ''
                    : `, again ${dateTime(one.repeatsAtMs)} if nothing changes`}
                </span>
              </span>
            ))}
          </span>
        </li>
      ))}
    </ul>
  )
}
