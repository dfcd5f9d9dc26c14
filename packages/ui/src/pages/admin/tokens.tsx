import { useState, type ReactNode } from 'react'
import { dateTime } from '../../data/format.ts'
import { Badge } from '../../parts/badge.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { grafana } from '../dashboards/data/grafana-api.ts'
import { Fault, ListCard } from './list-card.tsx'
import { useList, useWork } from './use-list.ts'
import { Seen } from './users-page.tsx'

interface Token {
  readonly id: number
  readonly name: string
  readonly created: string
  readonly lastUsedAt: string | null
  readonly expiration: string | null
  readonly hasExpired: boolean
}

const DAY = 86_400
const LIVES: readonly (readonly [seconds: number, name: string])[] = [
  [DAY, 'one day'],
  [7 * DAY, 'one week'],
  [30 * DAY, '30 days'],
  [90 * DAY, '90 days'],
  [365 * DAY, 'one year'],
  [0, 'without an end'],
]

/** The tokens of a service account; a new one is shown once. */
export function Tokens({ id, name }: { id: number; name: string }): ReactNode {
  const path = `api/serviceaccounts/${id}/tokens`
  const tokens = useList<readonly Token[]>(path)
  const work = useWork()
  const [draft, setDraft] = useState({ name: '', secondsToLive: 90 * DAY })
  const [key, setKey] = useState('')
  return (
    <section className="stack" aria-label={`Tokens of ${name}`}>
      <h2>Tokens of {name}</h2>
      <Fault text={work.fault} />
      {key === '' ? null : (
        <div className="notice warn" role="status">
          <div className="stack" style={{ gap: 'var(--space-2)' }}>
            <strong>This is the token. It is not shown again.</strong>
            <div className="row">
              <code style={{ overflowWrap: 'anywhere' }}>{key}</code>
              <CopyButton text={key} />
            </div>
          </div>
        </div>
      )}
      <ListCard
        label={`Tokens of ${name}`}
        query={tokens}
        heads={['Token', 'Made', 'Used', 'Ends', 'What to do']}
        empty={{ title: 'No token yet', text: 'Make one below; it can be given an end.' }}
        rows={(all) =>
          all.map((token) => (
            <tr key={token.id}>
              <td>{token.name}</td>
              <td className="nowrap">{dateTime(Date.parse(token.created))}</td>
              <td className="nowrap">
                <Seen at={token.lastUsedAt ?? ''} />
              </td>
              <td className="nowrap">
                {token.expiration === null ? 'never' : dateTime(Date.parse(token.expiration))}{' '}
                {token.hasExpired ? <Badge tone="warn">over</Badge> : null}
              </td>
              <td>
                <button
                  type="button"
                  className="button"
                  aria-label={`Delete the token ${token.name}`}
                  onClick={() => void work.run(() => grafana(`${path}/${token.id}`, { method: 'DELETE' }))}
                >
                  Delete
                </button>
              </td>
            </tr>
          ))
        }
      />
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault()
          void work.run(async () => {
            const made = await grafana<{ key: string }>(path, { method: 'POST', body: draft })
            setKey(made.key)
            setDraft({ ...draft, name: '' })
          })
        }}
      >
        <input
          className="field"
          required
          aria-label="Name of the new token"
          placeholder="deploy"
          value={draft.name}
          onChange={(event) => setDraft({ ...draft, name: event.target.value })}
        />
        <select
          className="field"
          aria-label="How long it is good"
          value={draft.secondsToLive}
          onChange={(event) => setDraft({ ...draft, secondsToLive: Number(event.target.value) })}
        >
          {LIVES.map(([seconds, text]) => (
            <option key={seconds} value={seconds}>
              {text}
            </option>
          ))}
        </select>
        <button className="button primary" disabled={work.isBusy}>
          Make a token
        </button>
      </form>
    </section>
  )
}
