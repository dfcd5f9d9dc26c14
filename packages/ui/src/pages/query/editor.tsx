import { lazy, Suspense, type ReactNode, type RefObject } from 'react'
import type { ApiError } from '../../data/api.ts'

export interface EditorProps {
  readonly value: string
  readonly onChange: (text: string) => void
  readonly onRun: (text: string) => void
  /** The error of the expression as it stands, to be marked at its place. */
  readonly fault: ApiError | undefined
  /** Filled by the editor: puts a text where the cursor is. */
  readonly inserter: RefObject<((text: string) => void) | null>
}

const CodeEditor = lazy(async () => ({ default: (await import('./code-editor.tsx')).CodeEditor }))

/** The editor with completion; until its code is there, a plain field of the same size that works as well. */
export function Editor(props: EditorProps): ReactNode {
  return (
    <div className="editor" data-search>
      <Suspense fallback={<PlainEditor {...props} />}>
        <CodeEditor {...props} />
      </Suspense>
    </div>
  )
}

function PlainEditor({ value, onChange, onRun }: EditorProps): ReactNode {
  return (
    <textarea
      rows={1}
      aria-label="PromQL expression"
      spellCheck={false}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || event.shiftKey) return
        event.preventDefault()
        onRun(value)
      }}
    />
  )
}
