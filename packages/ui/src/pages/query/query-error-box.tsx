import type { ReactNode } from 'react'
import { ApiError } from '../../data/api.ts'

/** What was wrong, with the place marked below the expression and the mend, when there is one. */
export function QueryErrorBox({
  error,
  expr,
  onMend,
}: {
  error: Error
  expr: string
  onMend: (expr: string) => void
}): ReactNode {
  const position = error instanceof ApiError ? error.position : undefined
  const mend = error instanceof ApiError ? error.mend : undefined
  const [start, end] =
    position === undefined ? [0, 0] : [toUnits(expr, position.start), toUnits(expr, position.end)]
  return (
    <div className="notice bad" role="alert">
      <div style={{ minWidth: 0 }}>
        <strong>
          {error instanceof ApiError && error.type === 'bad_data'
            ? 'The expression cannot be read.'
            : 'The query failed.'}
        </strong>
        <p>{error.message}</p>
        {position === undefined ? null : (
          <pre>
            {expr.slice(0, start)}
            <mark style={{ background: 'var(--bad)', color: 'var(--surface)' }}>
              {expr.slice(start, Math.max(end, start + 1)) || ' '}
            </mark>
            {expr.slice(Math.max(end, start + 1))}
          </pre>
        )}
        {mend === undefined ? null : (
          <p style={{ marginTop: 'var(--space-2)' }}>
            {mend.explanation}{' '}
            <button type="button" className="button" onClick={() => onMend(mend.expr)}>
              Use <code>{mend.expr}</code>
            </button>
          </p>
        )}
      </div>
    </div>
  )
}

/** Byte position in UTF-8 → index in the string. */
export function toUnits(text: string, bytePosition: number): number {
  let bytes = 0
  let units = 0
  for (const character of text) {
    if (bytes >= bytePosition) break
    bytes += new TextEncoder().encode(character).length
    units += character.length
  }
  return units
}
