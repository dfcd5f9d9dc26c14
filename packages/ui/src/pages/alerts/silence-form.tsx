import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react'
import { createSilence, type Silence } from '../../data/alertmanager.ts'
import { parseRange } from '../../data/format.ts'
import { SilencePreview } from './silence-preview.tsx'
import { matcherText, parseMatchers, type SilenceMatcher } from '../../data/silence-matchers.ts'

const AUTHOR_KEY = 'promontory.author'

/** What the form begins with. */
export interface SilenceDraft {
  /** Matchers, one per line. */
  readonly text: string
  readonly comment?: string
  /** The silence that is changed. */
  readonly id?: string
  /** When that one begins and ends. */
  readonly startsAt?: string
  readonly endsAt?: string
}

/** A silence as a draft: of a change when `id` is given, otherwise of another one like it. */
export function draftOf(silence: Silence, id: string | undefined): SilenceDraft {
  const { matchers, comment, startsAt, endsAt } = silence
  return {
    text: matchers.map(matcherText).join('\n'),
    comment,
    ...(id === undefined ? {} : { id, startsAt, endsAt }),
  }
}

/** A new silence from now on, or a change of one. */
export function SilenceForm({ draft, onClose }: { draft: SilenceDraft; onClose: () => void }): ReactNode {
  const client = useQueryClient()
  const dialog = useRef<HTMLDialogElement>(null)
  const [text, setText] = useState(draft.text)
  const [duration, setDuration] = useState(() => (draft.endsAt === undefined ? '2h' : restOf(draft)))
  const [author, setAuthor] = useState(lastAuthor)
  const [comment, setComment] = useState(draft.comment ?? '')
  const [fault, setFault] = useState<string>()
  const [busy, setBusy] = useState(false)
  useEffect(() => dialog.current?.showModal(), [])
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      await createSilence({ ...silenceOf(text, duration, draft), createdBy: author, comment })
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
        <h2 id="silence-title">{draft.id === undefined ? 'New silence' : 'Change a silence'}</h2>
        <div className="form-grid">
          <label className="full">
            Labels of the alerts that are not to be sent, one per line
            <textarea
              className="field"
              rows={Math.min(8, Math.max(2, draft.text.split('\n').length))}
              placeholder={'job="checkout"\ninstance=~"web.*"'}
              spellCheck={false}
              required
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
          <label>
            {draft.id === undefined ? 'For how long' : 'For how long from now on'}
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
            {draft.id === undefined ? 'Silence' : 'Change it'}
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
  draft: SilenceDraft,
): { id?: string; matchers: SilenceMatcher[]; startsAt: string; endsAt: string } {
  const lengthS = parseRange(duration)
  if (lengthS === undefined) throw new Error(`"${duration}" is no duration, expected e.g. 30m, 2h or 1d`)
  const { id, startsAt } = draft
  return {
    matchers: parseMatchers(text),
    // One that has begun keeps its beginning: otherwise it would be another one.
    startsAt: startsAt ?? new Date().toISOString(),
    ...(id === undefined ? {} : { id }),
    endsAt: new Date(beginMs(draft) + lengthS * 1000).toISOString(),
  }
}

/** When a silence begins to count: now, or later for one that is to come. */
function beginMs({ startsAt }: SilenceDraft): number {
  return Math.max(Date.now(), startsAt === undefined ? 0 : Date.parse(startsAt))
}

/** What is left of a silence, as a duration. */
function restOf(draft: SilenceDraft): string {
  return `${Math.max(1, Math.round((Date.parse(draft.endsAt ?? '') - beginMs(draft)) / 60_000))}m`
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
