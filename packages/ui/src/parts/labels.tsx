import type { ReactNode } from 'react'

/** Labels as chips; `hide` leaves out those that the context already shows. */
export function Labels({
  labels,
  hide = [],
}: {
  labels: Readonly<Record<string, string>>
  hide?: readonly string[]
}): ReactNode {
  const shown = Object.entries(labels).filter(([name]) => !hide.includes(name))
  if (shown.length === 0) return <span className="soft small">no labels</span>
  return (
    <span className="labels">
      {shown.map(([name, value]) => (
        <span className="label" key={name}>
          <b>{name}=</b>
          {JSON.stringify(value)}
        </span>
      ))}
    </span>
  )
}
