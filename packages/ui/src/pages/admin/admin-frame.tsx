import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'

const TABS = [
  ['/admin/users', 'Users'],
  ['/admin/service-accounts', 'Service accounts'],
  ['/admin/data-sources', 'Data sources'],
  ['/admin/audit', 'Audit'],
  ['/admin/account', 'My account'],
] as const

/** The frame of the pages about people, programs and sources. */
export function AdminFrame({
  title,
  actions,
  children,
}: {
  title: string
  actions?: ReactNode
  children: ReactNode
}): ReactNode {
  const [location] = useLocation()
  return (
    <>
      <div className="page-tabs">
        <nav className="segments" aria-label="Parts of the administration">
          {TABS.map(([path, name]) => (
            <Link key={path} href={path} aria-current={location === path ? 'page' : undefined}>
              {name}
            </Link>
          ))}
        </nav>
      </div>
      <div className="page-head">
        <h1 className="grow">{title}</h1>
        {actions}
      </div>
      <div className="stack">{children}</div>
    </>
  )
}
