import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'

const TABS = [
  ['/targets', 'Targets'],
  ['/service-discovery', 'Discovery'],
  ['/targets/relabel', 'Relabel lab'],
] as const

/** The ways between the pages of collecting. */
export function TargetTabs(): ReactNode {
  const [location] = useLocation()
  return (
    // A row of its own: beside the controls of a page it would wrap when their texts come.
    <div className="page-tabs">
      <nav className="segments" aria-label="Parts of collecting">
        {TABS.map(([path, name]) => (
          <Link key={path} href={path} aria-current={location === path ? 'page' : undefined}>
            {name}
          </Link>
        ))}
      </nav>
    </div>
  )
}
