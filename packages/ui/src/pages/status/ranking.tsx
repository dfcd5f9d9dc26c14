import type { NamedCount } from '@promontory/api'
import { useState, type ReactNode } from 'react'
import { CopyButton } from '../../parts/copy-button.tsx'
import { EmptyState } from '../../parts/states.tsx'

/** Rows with a bar each, and for those that can be done away with the configuration that does. */
export function Ranking({
  title,
  aside,
  rows,
  format,
  remedy,
  empty = 'The head holds no series.',
}: {
  title: string
  /** Beside the title. */
  aside?: ReactNode
  rows: readonly NamedCount[]
  format: (value: number) => string
  /** The configuration that would do away with a row. */
  remedy?: (name: string) => string | undefined
  empty?: ReactNode
}): ReactNode {
  const [chosen, setChosen] = useState<string>()
  const most = Math.max(1, ...rows.map(({ value }) => value))
  return (
    <section className="card" aria-label={title}>
      <div className="card-head">
        <h2 className="grow">{title}</h2>
        {aside}
      </div>
      {rows.length === 0 ? (
        <EmptyState title="Nothing yet" text={empty} />
      ) : (
        <ul className="list ranking">
          {rows.map(({ name, value }) => (
            <li key={name}>
              <span className="grow mono">{name}</span>
              {remedy?.(name) === undefined ? null : (
                <button
                  type="button"
                  className="button quiet"
                  aria-expanded={chosen === name}
                  aria-label={`Drop ${name}`}
                  onClick={() => setChosen(chosen === name ? undefined : name)}
                >
                  Drop
                </button>
              )}
              <span className="bar" style={{ width: '5rem' }}>
                <i style={{ width: `${(100 * value) / most}%` }} />
              </span>
              <span className="number" style={{ minWidth: '3.5rem', textAlign: 'right' }}>
                {format(value)}
              </span>
              {chosen === name ? <Remedy yaml={remedy?.(name) ?? ''} /> : null}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Remedy({ yaml }: { yaml: string }): ReactNode {
  return (
    <div className="notice" style={{ width: '100%', flexDirection: 'column' }}>
      <p className="small soft">
        In the job that brings it, from the next scrape on. What is stored stays until the retention ends.
      </p>
      <pre style={{ margin: 0 }}>{yaml}</pre>
      <CopyButton text={yaml} />
    </div>
  )
}
