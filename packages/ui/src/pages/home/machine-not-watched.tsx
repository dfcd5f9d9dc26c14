import type { ReactNode } from 'react'
import { routePrefix } from '../../data/prefix.ts'
import { CopyButton } from '../../parts/copy-button.tsx'

/** Why there are no numbers of the machine, and the job that brings them. */
export function MachineNotWatched(): ReactNode {
  const job = `  - job_name: node
    metrics_path: ${routePrefix()}/metrics/host
    static_configs:
      - targets: ['${window.location.host}']
`
  return (
    <section className="card" aria-labelledby="machine-title">
      <div className="card-head">
        <h2 id="machine-title" className="grow">
          This machine is not watched
        </h2>
        <CopyButton text={job} />
      </div>
      <div className="card-body stack">
        <p className="soft">
          No target publishes <code>node_cpu_seconds_total</code> and its like. Promontory can do so for the
          machine it runs on: add this to <code>scrape_configs</code> and reload.
        </p>
        <pre style={{ margin: 0, overflowX: 'auto' }} tabIndex={0} role="region" aria-label="Job">
          {job}
        </pre>
      </div>
    </section>
  )
}
