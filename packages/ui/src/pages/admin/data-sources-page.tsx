import { useState, type ReactNode } from 'react'
import { Badge } from '../../parts/badge.tsx'
import { grafana } from '../dashboards/data/grafana-api.ts'
import { AdminFrame } from './admin-frame.tsx'
import { DataSourceForm } from './data-source-form.tsx'
import { Fault, ListCard } from './list-card.tsx'
import { useList, useWork, type Work } from './use-list.ts'

/** A data source as the list has it. */
interface SourceRow {
  readonly uid: string
  readonly name: string
  readonly type: string
  readonly typeName: string
  readonly url: string
  readonly isDefault: boolean
  readonly readOnly: boolean
  /** The file that provides it. */
  readonly provisionedBy?: string
}

/** `/admin/data-sources`: where dashboards get their data from. */
export function DataSourcesPage(): ReactNode {
  const work = useWork()
  const [open, setOpen] = useState<string | undefined>(undefined)
  const sources = useList<readonly SourceRow[]>('api/datasources')
  return (
    <AdminFrame
      title="Data sources"
      actions={
        sources.data === undefined ? null : (
          <button type="button" className="button primary" onClick={() => setOpen('')}>
            Add a data source
          </button>
        )
      }
    >
      <Fault text={work.fault} />
      {open === undefined ? null : <DataSourceForm key={open} uid={open} onDone={() => setOpen(undefined)} />}
      <ListCard
        label="Data sources"
        query={sources}
        heads={['Name', 'Type', 'Address', 'What to do']}
        empty={{ title: 'There is no data source', text: 'Add one.' }}
        rows={(all) =>
          all.map((source) => (
            <Row key={source.uid} source={source} work={work} onEdit={() => setOpen(source.uid)} />
          ))
        }
      />
    </AdminFrame>
  )
}

function Row({ source, work, onEdit }: { source: SourceRow; work: Work; onEdit: () => void }): ReactNode {
  const { uid, name, readOnly } = source
  const path = `api/datasources/uid/${encodeURIComponent(uid)}`
  return (
    <tr>
      <td>
        <strong>{name}</strong>
        {source.isDefault ? (
          <>
            {' '}
            <Badge tone="neutral" plain>
              default
            </Badge>
          </>
        ) : null}
        <br />
        <span className="soft small">
          {source.provisionedBy !== undefined ? (
            <>
              from the file <code>{source.provisionedBy}</code>
            </>
          ) : readOnly ? (
            'built in'
          ) : (
            ''
          )}
        </span>
      </td>
      <td>{source.typeName}</td>
      <td style={{ overflowWrap: 'anywhere' }}>{source.url || <span className="soft">this server</span>}</td>
      <td>
        <div className="row">
          <Test path={`${path}/health`} name={name} />
          {readOnly ? null : (
            <>
              <button type="button" className="button" aria-label={`Edit ${name}`} onClick={onEdit}>
                Edit
              </button>
              <button
                type="button"
                className="button"
                aria-label={`Delete ${name}`}
                onClick={() => {
                  if (window.confirm(`Delete the data source “${name}”?`))
                    void work.run(() => grafana(path, { method: 'DELETE' }))
                }}
              >
                Delete
              </button>
            </>
          )}
        </div>
      </td>
    </tr>
  )
}

/** Asks the source the simplest question that it knows. */
function Test({ path, name }: { path: string; name: string }): ReactNode {
  const [outcome, setOutcome] = useState<{ readonly isGood: boolean; readonly text: string } | undefined>()
  const [isBusy, setBusy] = useState(false)
  const test = async (): Promise<void> => {
    setBusy(true)
    try {
      const { message } = await grafana<{ message: string }>(path)
      setOutcome({ isGood: true, text: message })
    } catch (error) {
      setOutcome({ isGood: false, text: (error as Error).message })
    }
    setBusy(false)
  }
  return (
    <>
      <button
        type="button"
        className="button"
        aria-label={`Test ${name}`}
        disabled={isBusy}
        onClick={() => void test()}
      >
        Test
      </button>
      <span role="status">
        {outcome === undefined ? null : outcome.isGood ? (
          <Badge tone="good">answers</Badge>
        ) : (
          <span className="small bad-text">{outcome.text}</span>
        )}
      </span>
    </>
  )
}
