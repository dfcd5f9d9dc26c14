import { objectOf, textOf, type JsonObject } from '@promontory/panels'
import type { ReactNode } from 'react'
import { isPrometheus, type DataSource } from '../data/data-sources.ts'

/** Several sources in one panel: each query names its own. */
export const MIXED = '-- Mixed --'

/** Where a panel, or one of its queries, gets its data from. */
export function SourcePicker({
  label,
  value,
  sources,
  hasMixed = false,
  onChange,
}: {
  label: string
  /** The `datasource` of the JSON, in whatever form. */
  value: unknown
  sources: readonly DataSource[]
  hasMixed?: boolean
  onChange: (datasource: JsonObject | undefined) => void
}): ReactNode {
  const uid = (typeof value === 'string' ? value : textOf(objectOf(value)['uid'])) ?? ''
  const spoken = sources.filter(({ type }) => isPrometheus(type) || type === 'loki' || type === 'jaeger')
  const known = uid === '' || uid === MIXED || spoken.some((source) => source.uid === uid)
  const choose = (next: string): void => {
    if (next === MIXED) return onChange({ type: 'datasource', uid: MIXED })
    const source = spoken.find((one) => one.uid === next)
    onChange(source === undefined ? undefined : { type: source.type, uid: source.uid })
  }
  return (
    <select className="field" aria-label={label} value={uid} onChange={(event) => choose(event.target.value)}>
      <option value="">Default data source</option>
      {known ? null : <option value={uid}>{uid}</option>}
      {spoken.map((source) => (
        <option key={source.uid} value={source.uid}>
          {source.name}
        </option>
      ))}
      {hasMixed ? <option value={MIXED}>Several (each query its own)</option> : null}
    </select>
  )
}
