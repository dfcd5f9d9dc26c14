import { textOf } from '@promontory/panels'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Skeleton } from '../../../parts/states.tsx'
import { grafana, type VersionRow } from '../data/grafana-api.ts'
import { diffLines } from './diff.ts'
import type { DialogInput } from './dialogs.tsx'

/** Stored versions: what is different there, and back to one of them. */
export function Versions({ model, onReload, onClose }: DialogInput): ReactNode {
  const uid = textOf(model['uid']) ?? ''
  const path = `api/dashboards/uid/${encodeURIComponent(uid)}/versions`
  const { data, error } = useQuery({
    queryKey: ['versions', uid],
    queryFn: async ({ signal }) => {
      const answer = await grafana<readonly VersionRow[] | { versions: readonly VersionRow[] }>(path, {
        signal,
      })
      return 'versions' in answer ? answer.versions : answer
    },
    retry: false,
    staleTime: 0,
  })
  const [chosen, setChosen] = useState<number | undefined>(undefined)
  const [fault, setFault] = useState('')
  const old = useQuery({
    queryKey: ['version', uid, chosen],
    queryFn: ({ signal }) => grafana<{ data: unknown }>(`${path}/${chosen!}`, { signal }),
    enabled: chosen !== undefined,
    retry: false,
  })
  if (error !== null) return <p role="alert">{error.message}</p>
  if (data === undefined) return <Skeleton />
  const restore = (version: number): void => {
    grafana(`api/dashboards/uid/${encodeURIComponent(uid)}/restore`, {
      method: 'POST',
      body: { version },
    }).then(
      () => {
        onClose()
        onReload()
      },
      (reason: Error) => setFault(reason.message),
    )
  }
  return (
    <div className="stack">
      {fault === '' ? null : (
        <p role="alert" className="notice bad">
          {fault}
        </p>
      )}
      <div className="table-wrap">
        <table className="list">
          <thead>
            <tr>
              <th>Version</th>
              <th>When</th>
              <th>Who</th>
              <th>What</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {data.map((row) => (
              <tr key={row.version}>
                <td className="number">{row.version}</td>
                <td>{row.created}</td>
                <td>{row.createdBy}</td>
                <td>{row.message}</td>
                <td className="row">
                  <button
                    type="button"
                    className="button"
                    aria-pressed={chosen === row.version}
                    onClick={() => setChosen(row.version)}
                  >
                    Differences
                  </button>
                  <button type="button" className="button" onClick={() => restore(row.version)}>
                    Restore
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {old.data === undefined ? null : (
        <Diff from={JSON.stringify(old.data.data, null, 2)} to={JSON.stringify(model, null, 2)} />
      )}
    </div>
  )
}

function Diff({ from, to }: { from: string; to: string }): ReactNode {
  const lines = diffLines(from, to)
  if (lines.every(({ kind }) => kind === 'same')) return <p className="soft">No difference.</p>
  return (
    <pre className="code diff">
      {lines
        .filter(({ kind }) => kind !== 'same')
        .slice(0, 2000)
        .map(({ kind, text }, i) => (
          <div key={i} className={kind}>
            {kind === 'add' ? '+ ' : '- '}
            {text}
          </div>
        ))}
    </pre>
  )
}
