import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { lastAuthor, type MaintenanceWindow } from '../../data/alerting.ts'
import { ask, change, send } from '../../data/api.ts'
import { dateTime, seconds } from '../../data/format.ts'
import { matcherText, parseMatchers } from '../../data/silence-matchers.ts'
import { Badge } from '../../parts/badge.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'
import { AlertingTabs } from './alerting-tabs.tsx'

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const EMPTY = { name: '', matchers: '', startsAt: '', duration: '1h', repeat: 'weekly', comment: '' }

/** Times in which matching alerts are not sent, once or again and again. */
export function MaintenancePage(): ReactNode {
  const client = useQueryClient()
  const [draft, setDraft] = useState(EMPTY)
  const [fault, setFault] = useState<string>()
  const { data, error, refetch } = useQuery({
    queryKey: ['maintenance'],
    queryFn: ({ signal }) =>
      ask<{ windows: readonly MaintenanceWindow[] }>('notifications/maintenance', {}, signal),
    refetchInterval: 10_000,
  })
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      setFault(undefined)
      await work()
      await client.invalidateQueries({ queryKey: ['maintenance'] })
    } catch (thrown) {
      setFault((thrown as Error).message)
    }
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void attempt(async () => {
      const body = {
        ...draft,
        matchers: parseMatchers(draft.matchers).map(matcherText),
        startsAt: new Date(draft.startsAt).toISOString(),
        timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        createdBy: lastAuthor(),
      }
      await send('notifications/maintenance', JSON.stringify(body))
      setDraft(EMPTY)
    })
  }
  const field = (name: keyof typeof EMPTY, type = 'text', placeholder = ''): ReactNode => (
    <input
      className="field"
      type={type}
      placeholder={placeholder}
      required={name !== 'comment'}
      value={draft[name]}
      onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
    />
  )
  const windows = data?.data.windows ?? []
  return (
    <>
      <AlertingTabs />
      <div className="page-head">
        <h1 className="grow">Maintenance</h1>
      </div>
      <div className="stack">
        {fault === undefined ? null : (
          <p className="notice bad" role="alert">
            {fault}
          </p>
        )}
        <section className="card" aria-labelledby="windows-title">
          <div className="card-head">
            <h2 id="windows-title">Windows</h2>
          </div>
          {error !== null ? (
            <div className="card-body">
              <ErrorState error={error} retry={() => void refetch()} />
            </div>
          ) : data === undefined ? (
            <Skeleton lines={2} />
          ) : windows.length === 0 ? (
            <EmptyState
              title="No maintenance is planned"
              text="A window makes a silence for each of its times, a day ahead."
            />
          ) : (
            <ul className="list">
              {windows.map((window) => (
                <li key={window.id}>
                  <Badge tone="neutral">{window.repeat}</Badge>
                  <span className="grow">
                    <strong>{window.name}</strong> <code>{window.matchers.map(matcherText).join(', ')}</code>
                    <br />
                    <span className="soft small">
                      {window.repeat === 'once' ? '' : 'first '}
                      {dateTime(window.startsAtMs)} for {seconds(window.durationMs / 1000)}
                      {window.weekdays.length === 0
                        ? ''
                        : `, ${window.weekdays.map((day) => DAYS[day]).join(' ')}`}{' '}
                      ({window.timeZone}) {window.comment}
                    </span>
                  </span>
                  <button
                    type="button"
                    className="button"
                    onClick={() =>
                      void attempt(() => change('DELETE', `notifications/maintenance/${window.id}`))
                    }
                  >
                    Take away
                  </button>
                </li>
              ))}
            </ul>
          )}
        </section>
        <section className="card" aria-labelledby="new-window-title">
          <div className="card-head">
            <h2 id="new-window-title">New window</h2>
          </div>
          <form className="card-body stack" onSubmit={submit}>
            <div className="form-grid">
              <label>Name{field('name', 'text', 'Backup of the database')}</label>
              <label>Labels{field('matchers', 'text', 'job="db"')}</label>
              <label>First time{field('startsAt', 'datetime-local')}</label>
              <label>For how long{field('duration')}</label>
              <label>
                Again
                <select
                  className="field"
                  value={draft.repeat}
                  onChange={(event) => setDraft({ ...draft, repeat: event.target.value })}
                >
                  <option value="once">only once</option>
                  <option value="daily">every day</option>
                  <option value="weekly">every week</option>
                  <option value="monthly">every month</option>
                </select>
              </label>
              <label>Why{field('comment')}</label>
            </div>
            <div className="row">
              <button className="button primary">Plan it</button>
            </div>
          </form>
        </section>
      </div>
    </>
  )
}
