import { openDashboardText, saveDashboard, textOf } from '@promontory/panels'
import { useState, type ReactNode } from 'react'
import type { DialogInput } from './dialogs.tsx'

/** The dashboard as JSON: to read, change, copy, and export. */
export function JsonForm({ opened, model, onModel, onClose }: DialogInput): ReactNode {
  const json = JSON.stringify(saveDashboard(opened, model), null, 2)
  const [text, setText] = useState(json)
  const [fault, setFault] = useState('')
  const download = (): void => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
    link.download = `${(textOf(model['title']) ?? 'dashboard').replace(/[^\w.-]+/g, '-')}.json`
    link.click()
    URL.revokeObjectURL(link.href)
  }
  return (
    <div className="stack">
      <textarea
        className="code-field"
        aria-label="The dashboard's JSON"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {fault === '' ? null : (
        <p role="alert" className="notice bad">
          {fault}
        </p>
      )}
      <div className="row">
        <button
          type="button"
          className="button primary"
          disabled={text === json}
          onClick={() => {
            try {
              onModel(openDashboardText(text).model)
              onClose()
            } catch (error) {
              setFault((error as Error).message)
            }
          }}
        >
          Apply
        </button>
        <button type="button" className="button" onClick={download}>
          Export to a file
        </button>
        <button type="button" className="button" onClick={() => void navigator.clipboard?.writeText(text)}>
          Copy
        </button>
      </div>
    </div>
  )
}
