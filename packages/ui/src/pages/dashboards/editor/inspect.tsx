import type { ReactNode } from 'react'
import type { PanelData } from '../view/use-panel-data.ts'

/** What a panel asked, what came back, and the way out as CSV. */
export function Inspect({ data }: { data: PanelData }): ReactNode {
  const csv = (): void => {
    const quote = (value: unknown): string => {
      const text = value === null || value === undefined ? '' : String(value)
      // A cell that a spreadsheet would run as a formula gets a quote in front.
      const safe = /^[=+\-@]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text
      return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
    }
    const text = data.frames
      .map((frame) =>
        [
          frame.fields
            .map((field) => quote(field.config.displayName ?? field.config.displayNameFromDS ?? field.name))
            .join(','),
          ...Array.from({ length: frame.length }, (_, row) =>
            frame.fields
              .map((field) =>
                quote(
                  field.type === 'time'
                    ? new Date(field.values[row] as number).toISOString()
                    : field.values[row],
                ),
              )
              .join(','),
          ),
        ].join('\n'),
      )
      .join('\n\n')
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
    link.download = 'panel.csv'
    link.click()
    URL.revokeObjectURL(link.href)
  }
  return (
    <div className="stack">
      {data.plan.questions.map((question, i) => (
        <div key={i}>
          <p className="small soft">
            {question.refId} · {question.instant ? 'instant' : `step ${question.grid.stepMs / 1000} s`} ·{' '}
            {question.path}
          </p>
          <pre className="code">{question.expr}</pre>
        </div>
      ))}
      <p>
        {data.frames.length} frames, {data.frames.reduce((sum, frame) => sum + frame.length, 0)} rows
      </p>
      {data.notices.map((notice, i) => (
        <p key={i} className="notice">
          {notice}
        </p>
      ))}
      <div className="row">
        <button type="button" className="button" onClick={csv}>
          Download as CSV
        </button>
      </div>
    </div>
  )
}
