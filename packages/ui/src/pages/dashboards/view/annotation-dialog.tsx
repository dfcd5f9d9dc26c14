import { formatDate, parseTime } from '@promontory/panels'
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react'
import { grafana } from '../data/grafana-api.ts'

/** Where an annotation is to stand, before its text is written. */
export interface AnnotationDraft {
  readonly panelId: number
  readonly fromMs: number
  /** Equal to `fromMs` for a moment. */
  readonly toMs: number
}

/** Asks for the words of an annotation, and stores it. */
export function AnnotationDialog({
  draft,
  uid,
  zone,
  onDone,
  onClose,
}: {
  draft: AnnotationDraft
  uid: string
  zone: string
  onDone: () => void
  onClose: () => void
}): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
    dialog.current?.querySelector('textarea')?.focus()
  }, [])
  const write = (timeMs: number): string => formatDate(timeMs, 'YYYY-MM-DD HH:mm:ss', zone)
  const [text, setText] = useState('')
  const [tags, setTags] = useState('')
  const [from, setFrom] = useState(write(draft.fromMs))
  const [to, setTo] = useState(draft.toMs > draft.fromMs ? write(draft.toMs) : '')
  const [error, setError] = useState('')
  const save = (event: FormEvent): void => {
    event.preventDefault()
    let times: { readonly time: number; readonly timeEnd?: number }
    try {
      const time = parseTime(from, Date.now(), zone)
      times = to.trim() === '' ? { time } : { time, timeEnd: parseTime(to, Date.now(), zone) }
    } catch (fault) {
      return setError((fault as Error).message)
    }
    const list = tags.split(',').map((tag) => tag.trim()).filter((tag) => tag !== '') // prettier-ignore
    const body = { dashboardUID: uid, panelId: draft.panelId, ...times, tags: list, text: text.trim() }
    grafana('api/annotations', { method: 'POST', body }).then(onDone, (fault: Error) =>
      setError(fault.message),
    )
  }
  return (
    <dialog ref={dialog} className="sheet" aria-labelledby="annotation-title" onClose={onClose}>
      <form className="stack" onSubmit={save}>
        <h2 id="annotation-title">Add an annotation</h2>
        <label className="stack small">
          What happened
          <textarea
            className="field"
            rows={3}
            required
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <label className="stack small">
          Tags, parted by commas
          <input className="field" value={tags} onChange={(event) => setTags(event.target.value)} />
        </label>
        <div className="row">
          <label className="stack small">
            From
            <input className="field" value={from} onChange={(event) => setFrom(event.target.value)} />
          </label>
          <label className="stack small">
            To, if it lasted
            <input className="field" value={to} onChange={(event) => setTo(event.target.value)} />
          </label>
        </div>
        {error === '' ? null : (
          <p className="bad small" role="alert">
            {error}
          </p>
        )}
        <div className="row">
          <button type="submit" className="button primary">
            Add
          </button>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  )
}
