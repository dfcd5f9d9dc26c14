import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'

const TABS = [
  ['/alerts', 'Alerts'],
  ['/alerts/groups', 'Groups'],
  ['/alerts/routing', 'Routing'],
  ['/alerts/maintenance', 'Maintenance'],
  ['/alerts/history', 'History'],
] as const

/** The ways between the pages of alerting. */
export function AlertingTabs(): ReactNode {
  const [location] = useLocation()
  return (
    // A row of its own: beside the controls of a page it would wrap when their texts come.
    <div className="page-tabs">
      <nav className="segments" aria-label="Parts of alerting">
        {TABS.map(([path, name]) => (
          <Link key={path} href={path} aria-current={location === path ? 'page' : undefined}>
            {name}
          </Link>
        ))}
      </nav>
    </div>
  )
}
