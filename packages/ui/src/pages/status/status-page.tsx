import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { ConfigCard } from './config-card.tsx'
import { FlagsCard } from './flags-card.tsx'
import { RemoteWriteCards } from './remote-write-cards.tsx'
import { RuntimeCards } from './runtime-cards.tsx'
import { TsdbCards } from './tsdb-cards.tsx'
import { UsageCards } from './usage-cards.tsx'

const TABS = [
  ['/status', 'Runtime', RuntimeCards],
  ['/tsdb-status', 'Storage', TsdbCards],
  ['/usage', 'Usage', UsageCards],
  ['/remote-write', 'Remote write', RemoteWriteCards],
  ['/config', 'Configuration', ConfigCard],
  ['/flags', 'Flags', FlagsCard],
] as const

/** The server's own state, on Prometheus's old paths. */
export function StatusPage(): ReactNode {
  const [location] = useLocation()
  const Content = TABS.find(([path]) => path === location)?.[2] ?? RuntimeCards
  return (
    <>
      <div className="page-head">
        <h1 className="grow">Status</h1>
        <nav className="segments" aria-label="Parts of the status">
          {TABS.map(([path, name]) => (
            <Link key={path} href={path} aria-current={path === location ? 'page' : undefined}>
              {name}
            </Link>
          ))}
        </nav>
      </div>
      <Content />
    </>
  )
}
