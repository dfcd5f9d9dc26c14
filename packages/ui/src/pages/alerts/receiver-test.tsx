import { useEffect, useRef, useState, type ReactNode } from 'react'
import { labelsOf, type TestResult } from '../../data/alerting.ts'
import { send } from '../../data/api.ts'
import { Badge } from '../../parts/badge.tsx'
import { Segments } from '../../parts/segments.tsx'

/** A made-up notification: its preview, then the sending of it. An empty receiver means those that the routes choose. */
export function ReceiverTest({
  receiver,
  labels,
  onClose,
}: {
  receiver: string
  labels: string
  onClose: () => void
}): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  const [status, setStatus] = useState<'firing' | 'resolved'>('firing')
  const [summary, setSummary] = useState('This is a test')
  const [results, setResults] = useState<readonly TestResult[]>()
  const [sent, setSent] = useState(false)
  const [fault, setFault] = useState<string>()
  useEffect(() => dialog.current?.showModal(), [])
  const run = async (preview: boolean): Promise<void> => {
    try {
      setFault(undefined)
      const body = { receiver, labels: labelsOf(labels), annotations: { summary }, status, preview }
      setResults(
        (await send<{ results: TestResult[] }>('notifications/test', JSON.stringify(body))).data.results,
      )
      setSent(!preview)
    } catch (error) {
      setFault((error as Error).message)
    }
  }
  return (
    <dialog ref={dialog} className="sheet wide" aria-labelledby="test-title" onClose={onClose}>
      <div className="stack">
        <h2 id="test-title">{receiver === '' ? 'Test of the route' : `Test of ${receiver}`}</h2>
        <div className="row">
          <Segments
            label="Status"
            value={status}
            onChange={setStatus}
            choices={[
              ['firing', 'Firing'],
              ['resolved', 'Resolved'],
            ]}
          />
          <input
            className="field"
            aria-label="Summary"
            value={summary}
            onChange={(event) => setSummary(event.target.value)}
          />
        </div>
        {fault === undefined ? null : (
          <p className="notice bad" role="alert">
            {fault}
          </p>
        )}
        {results?.length === 0 ? <p className="soft">It delivers nowhere.</p> : null}
        {results?.map((result) => (
          <div key={result.integration} className="stack" style={{ gap: 'var(--space-2)' }}>
            <div className="row">
              <strong>{result.integration}</strong>
              <Badge tone={result.error !== undefined ? 'bad' : sent ? 'good' : 'neutral'}>
                {result.error !== undefined ? 'failed' : sent ? 'sent' : 'preview'}
              </Badge>
            </div>
            {result.error === undefined ? null : <p className="notice bad small">{result.error}</p>}
            {result.requests.map((request) => (
              <div key={request.to}>
                <span className="soft small">
                  {request.to} {request.contentType}
                </span>
                <pre
                  className="sheet-list"
                  style={{
                    height: 'auto',
                    maxHeight: '16rem',
                    padding: 'var(--space-2)',
                    whiteSpace: 'pre-wrap',
                  }}
                >
                  {readable(request.body)}
                </pre>
              </div>
            ))}
          </div>
        ))}
        <div className="row">
          <button type="button" className="button" onClick={() => void run(true)}>
            Preview
          </button>
          <button type="button" className="button primary" onClick={() => void run(false)}>
            Send it
          </button>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
      </div>
    </dialog>
  )
}

/** JSON with line breaks; anything else as it is. */
function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}
