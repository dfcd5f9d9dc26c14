import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react'
import { createSilence } from '../../data/alertmanager.ts'
import { parseRange } from '../../data/format.ts'
import { SilencePreview } from './silence-preview.tsx'
import { matcherText, parseMatchers, type SilenceMatcher } from '../../data/silence-matchers.ts'

const AUTHOR_KEY = 'promontory.author'

/** A new silence, from now on. */
export function SilenceForm({
  matchers,
  onClose,
}: {
  matchers: readonly SilenceMatcher[]
  onClose: () => void
}): ReactNode {
  const client = useQueryClient()
  const dialog = useRef<HTMLDialogElement>(null)
  const [text, setText] = useState(() => matchers.map(matcherText).join('\n'))
  const [duration, setDuration] = useState('2h')
  const [author, setAuthor] = useState(lastAuthor)
  const [comment, setComment] = useState('')
  const [fault, setFault] = useState<string>()
  const [busy, setBusy] = useState(false)
  useEffect(() => dialog.current?.showModal(), [])
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      await createSilence({ ...silenceOf(text, duration), createdBy: author, comment })
      keepAuthor(author)
      await client.invalidateQueries({ queryKey: ['silences'] })
      dialog.current?.close()
    } catch (error) {
      setFault((error as Error).message)
    } finally {
      setBusy(false)
    }
  }
  return (
    <dialog ref={dialog} className="sheet wide" aria-labelledby="silence-title" onClose={onClose}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <h2 id="silence-title">New silence</h2>
        <div className="form-grid">
          <label className="full">
            Labels of the alerts that are not to be sent, one per line
            <textarea
              className="field"
              rows={Math.min(8, Math.max(2, matchers.length))}
              placeholder={'job="checkout"\ninstance=~"web.*"'}
              spellCheck={false}
              required
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
          <label>
            For how long
            <input
              className="field"
              required
              value={duration}
              onChange={(event) => setDuration(event.target.value)}
            />
          </label>
          <label>
            Your name
            <input
              className="field"
              required
              autoComplete="name"
              value={author}
              onChange={(event) => setAuthor(event.target.value)}
            />
          </label>
          <label className="full">
            Why
            <input
              className="field"
              required
              placeholder="Moving the database"
              value={comment}
              onChange={(event) => setComment(event.target.value)}
            />
          </label>
        </div>
        <SilencePreview text={text} />
        {fault === undefined ? null : (
          <p className="notice bad" role="alert">
            {fault}
          </p>
        )}
        <div className="row">
          <button className="button primary" disabled={busy}>
            Silence
          </button>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  )
}

/** @throws Error naming what is no matcher or no duration */
function silenceOf(
  text: string,
  duration: string,
): { matchers: SilenceMatcher[]; startsAt: string; endsAt: string } {
  const lengthS = parseRange(duration)
  if (lengthS === undefined) throw new Error(`"${duration}" is no duration, expected e.g. 30m, 2h or 1d`)
  const nowMs = Date.now()
  return {
    matchers: parseMatchers(text),
    startsAt: new Date(nowMs).toISOString(),
    endsAt: new Date(nowMs + lengthS * 1000).toISOString(),
  }
}

function lastAuthor(): string {
  try {
    return localStorage.getItem(AUTHOR_KEY) ?? ''
  } catch {
    return ''
  }
}

function keepAuthor(author: string): void {
  try {
    localStorage.setItem(AUTHOR_KEY, author)
  } catch {
    // Private windows may refuse: the name is then asked for again.
  }
}
