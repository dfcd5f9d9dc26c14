import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { expireSilence, silences, type Silence } from '../../data/alertmanager.ts'
import { dateTime } from '../../data/format.ts'
import { matcherText } from '../../data/silence-matchers.ts'
import { Badge } from '../../parts/badge.tsx'
import { Icon } from '../../parts/icon.tsx'
import { ErrorState, Skeleton } from '../../parts/states.tsx'
import { draftOf, type SilenceDraft, SilenceForm } from './silence-form.tsx'

/** Expired silences that are shown. */
const EXPIRED_MAX = 20

/** Silences in force and to come, and the form for a new one; `draft` opens it. */
export function Silences({
  draft,
  onDraft,
}: {
  draft: SilenceDraft | undefined
  onDraft: (draft: SilenceDraft | undefined) => void
}): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['silences'],
    queryFn: ({ signal }) => silences(signal),
    refetchInterval: 10_000,
  })
  const current = data?.filter(({ status }) => status.state !== 'expired') ?? []
  const expired = data?.filter(({ status }) => status.state === 'expired') ?? []
  return (
    <section className="card" aria-labelledby="silences-title">
      <div className="card-head">
        <h2 id="silences-title" className="grow">
          Silences
        </h2>
        <button type="button" className="button" onClick={() => onDraft({ text: '' })}>
          <Icon name="plus" size={16} /> New silence
        </button>
      </div>
      {error !== null ? (
        <div className="card-body">
          <ErrorState error={error} retry={() => void refetch()} />
        </div>
      ) : data === undefined ? (
        <Skeleton lines={1} />
      ) : current.length === 0 ? (
        <p className="card-body soft">No silence is in force: every alert that fires is sent on.</p>
      ) : (
        <ul className="list">
          {current.map((silence) => (
            <SilenceLine key={silence.id} silence={silence} onDraft={onDraft} />
          ))}
        </ul>
      )}
      {expired.length === 0 ? null : (
        <details className="card-body" style={{ borderTop: '1px solid var(--line)' }}>
          <summary className="soft small">{expired.length} expired</summary>
          <ul className="list">
            {expired.slice(0, EXPIRED_MAX).map((silence) => (
              <SilenceLine key={silence.id} silence={silence} onDraft={onDraft} />
            ))}
          </ul>
        </details>
      )}
      {draft === undefined ? null : <SilenceForm draft={draft} onClose={() => onDraft(undefined)} />}
    </section>
  )
}

function SilenceLine({
  silence,
  onDraft,
}: {
  silence: Silence
  onDraft: (draft: SilenceDraft) => void
}): ReactNode {
  const client = useQueryClient()
  const [fault, setFault] = useState<Error>()
  const { state } = silence.status
  const end = async (): Promise<void> => {
    try {
      await expireSilence(silence.id)
      await client.invalidateQueries({ queryKey: ['silences'] })
    } catch (error) {
      setFault(error as Error)
    }
  }
  return (
    <li>
      <Badge tone={state === 'active' ? 'warn' : 'neutral'}>{state}</Badge>
      <span className="grow">
        <code>{silence.matchers.map(matcherText).join(', ')}</code>
        <br />
        <span className="soft small">
          {silence.comment} ({silence.createdBy})
        </span>
        {fault === undefined ? null : (
          <span className="notice bad small" role="alert">
            {fault.message}
          </span>
        )}
      </span>
      <span className="soft small number">
        {state === 'pending' ? `from ${dateTime(Date.parse(silence.startsAt))} ` : ''}
        {state === 'expired' ? 'ended' : 'until'} {dateTime(Date.parse(silence.endsAt))}
      </span>
      <button
        type="button"
        className="button"
        onClick={() => onDraft(draftOf(silence, state === 'expired' ? undefined : silence.id))}
      >
        {state === 'expired' ? 'Again' : 'Change'}
      </button>
      {state === 'expired' ? null : (
        <button type="button" className="button" onClick={() => void end()}>
          End it
        </button>
      )}
    </li>
  )
}
