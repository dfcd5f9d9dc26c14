import { textOf, type JsonObject } from '@promontory/panels'
import { useState, type ReactNode } from 'react'

/** A query of logs in LogQL, as text: it is run with Enter or the button. */
export function LogQuery({
  target,
  name,
  onChange,
}: {
  target: JsonObject
  name: string
  onChange: (next: JsonObject) => void
}): ReactNode {
  const [text, setText] = useState(textOf(target['expr']) ?? '')
  const run = (): void => onChange({ ...target, expr: text })
  return (
    <form
      className="row"
      style={{ flex: 1 }}
      onSubmit={(event) => {
        event.preventDefault()
        run()
      }}
    >
      <input
        className="field mono"
        style={{ flex: 1 }}
        aria-label={`LogQL expression ${name}`}
        placeholder='{job="api"} |= "error"'
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <input
        className="field"
        aria-label={`Lines at most of ${name}`}
        placeholder="1000"
        size={5}
        value={String(target['maxLines'] ?? '')}
        onChange={(event) => onChange({ ...target, maxLines: Number(event.target.value) || undefined })}
      />
      <button className="button primary">Run</button>
    </form>
  )
}

const TRACE_FIELDS = [
  ['service', 'Service', 'api'],
  ['operation', 'Operation', 'GET /'],
  ['tags', 'Tags', 'error=true'],
  ['minDuration', 'Lasts at least', '100ms'],
  ['query', 'Or one trace', 'trace id'],
] as const

/** What traces are looked for. */
export function TraceQuery({
  target,
  name,
  onChange,
}: {
  target: JsonObject
  name: string
  onChange: (next: JsonObject) => void
}): ReactNode {
  const change = (field: string, value: string): void => {
    const next: JsonObject = { ...target, [field]: value }
    const isSearch = (textOf(next['query']) ?? '') === ''
    const { queryType: _, ...rest } = next
    onChange(isSearch ? { ...rest, queryType: 'search' } : rest)
  }
  return (
    <div className="form-grid" style={{ flex: 1 }} role="group" aria-label={`Search of traces ${name}`}>
      {TRACE_FIELDS.map(([field, label, hint]) => (
        <label key={field}>
          {label}
          <input
            className="field"
            placeholder={hint}
            value={textOf(target[field]) ?? ''}
            onChange={(event) => change(field, event.target.value)}
          />
        </label>
      ))}
    </div>
  )
}
