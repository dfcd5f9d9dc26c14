import { useState, type ReactNode } from 'react'

/** A part of the JSON as text, folded away; it counts once it is applied. */
export function JsonPart({
  title,
  value,
  onChange,
}: {
  title: string
  value: unknown
  onChange: (value: unknown) => void
}): ReactNode {
  const written = JSON.stringify(value, null, 2)
  const [text, setText] = useState<string | undefined>(undefined)
  const [fault, setFault] = useState('')
  return (
    <details className="card card-body" onToggle={() => setText(undefined)}>
      <summary>{title}</summary>
      <JsonText
        title={title}
        text={text ?? written ?? ''}
        fault={fault}
        isChanged={text !== undefined}
        onText={setText}
        onApply={() => {
          try {
            onChange(JSON.parse(text ?? written))
            setText(undefined)
            setFault('')
          } catch (error) {
            setFault((error as Error).message)
          }
        }}
      />
    </details>
  )
}

function JsonText({
  title,
  text,
  fault,
  isChanged,
  onText,
  onApply,
}: {
  title: string
  text: string
  fault: string
  isChanged: boolean
  onText: (text: string) => void
  onApply: () => void
}): ReactNode {
  return (
    <div className="stack">
      <textarea
        className="code-field"
        aria-label={title}
        spellCheck={false}
        value={text}
        onChange={(event) => onText(event.target.value)}
      />
      {fault === '' ? null : (
        <p role="alert" className="notice bad small">
          {fault}
        </p>
      )}
      <button type="button" className="button" disabled={!isChanged} onClick={onApply}>
        Apply
      </button>
    </div>
  )
}
