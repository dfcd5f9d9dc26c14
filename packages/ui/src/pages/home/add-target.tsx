import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState, type DragEvent, type FormEvent, type ReactNode } from 'react'
import { send } from '../../data/api.ts'
import { Icon } from '../../parts/icon.tsx'

type Outcome = { readonly tone: 'bad' | 'good' | 'warn'; readonly text: string } | undefined

/** The first steps away from the built-in configuration: one more target, or the user's own prometheus.yml. */
export function AddTarget(): ReactNode {
  return (
    <section className="two" aria-label="Watch more">
      <TargetForm />
      <ConfigDrop />
    </section>
  )
}

function TargetForm(): ReactNode {
  const client = useQueryClient()
  const [url, setUrl] = useState('')
  const [busy, setBusy] = useState(false)
  const [outcome, setOutcome] = useState<Outcome>()
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      const { data } = await send<{ job: string; target: string }>('targets/add', JSON.stringify({ url }))
      setOutcome({ tone: 'good', text: `${data.target} is watched from now on, as job "${data.job}".` })
      setUrl('')
      await client.invalidateQueries({ queryKey: ['targets'] })
    } catch (error) {
      setOutcome({ tone: 'bad', text: (error as Error).message })
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="card">
      <div className="card-head">
        <h2>Add a target</h2>
      </div>
      <form className="card-body stack" onSubmit={(event) => void submit(event)}>
        <label htmlFor="target-url" className="soft">
          Address of an application that publishes metrics
        </label>
        <div className="row" style={{ flexWrap: 'nowrap' }}>
          <input
            id="target-url"
            className="field"
            style={{ flex: 1 }}
            placeholder="http://localhost:8000/metrics"
            value={url}
            onChange={(event) => setUrl(event.target.value)}
            autoComplete="off"
            spellCheck={false}
            required
          />
          <button className="button primary" disabled={busy || url.trim() === ''}>
            <Icon name="plus" size={16} /> Add
          </button>
        </div>
        <OutcomeText outcome={outcome} />
      </form>
    </div>
  )
}

function ConfigDrop(): ReactNode {
  const client = useQueryClient()
  const input = useRef<HTMLInputElement>(null)
  const [over, setOver] = useState(false)
  const [text, setText] = useState<string>()
  const [outcome, setOutcome] = useState<Outcome>()
  const check = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return
    const content = await file.text()
    setText(undefined)
    try {
      const { data, warnings } = await send<{ jobs: number; targets: number }>(
        'config/check',
        content,
        'application/yaml',
      )
      setText(content)
      setOutcome({
        tone: warnings.length > 0 ? 'warn' : 'good',
        text: [`${file.name} is fine: ${data.jobs} jobs.`, ...warnings].join('\n'),
      })
    } catch (error) {
      setOutcome({ tone: 'bad', text: (error as Error).message })
    }
  }
  const use = async (): Promise<void> => {
    try {
      await send('config/use', text!, 'application/yaml')
      setText(undefined)
      setOutcome({ tone: 'good', text: 'It is in use, and will be after a restart.' })
      await client.invalidateQueries()
    } catch (error) {
      setOutcome({ tone: 'bad', text: (error as Error).message })
    }
  }
  const onDrop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    void check(event.dataTransfer.files[0])
  }
  return (
    <div className="card">
      <div className="card-head">
        <h2>Bring your prometheus.yml</h2>
      </div>
      <div className="card-body stack">
        <div
          className="drop"
          data-over={over}
          onDragOver={(event) => {
            event.preventDefault()
            setOver(true)
          }}
          onDragLeave={() => setOver(false)}
          onDrop={onDrop}
        >
          Drop the file here, or{' '}
          <button type="button" className="button" onClick={() => input.current?.click()}>
            choose it
          </button>
          <input
            ref={input}
            type="file"
            accept=".yml,.yaml"
            hidden
            onChange={(event) => void check(event.target.files?.[0])}
            aria-label="prometheus.yml"
          />
        </div>
        <OutcomeText outcome={outcome} />
        {text === undefined ? null : (
          <button type="button" className="button primary" onClick={() => void use()}>
            Use it
          </button>
        )}
      </div>
    </div>
  )
}

function OutcomeText({ outcome }: { outcome: Outcome }): ReactNode {
  return (
    <div aria-live="polite">
      {outcome === undefined ? null : (
        <div className={`notice ${outcome.tone}`}>
          <pre style={{ margin: 0 }}>{outcome.text}</pre>
        </div>
      )}
    </div>
  )
}
