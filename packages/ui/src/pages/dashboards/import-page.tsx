import {
  fillInputs,
  importInputs,
  openDashboardText,
  textOf,
  without,
  type OpenedDashboard,
} from '@promontory/panels'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { defaultSource, isPrometheus, loadDataSources } from './data/data-sources.ts'
import { grafana, GrafanaError, type Folder, type SaveAnswer } from './data/grafana-api.ts'

/** `/dashboard/import`: a file or a pasted text of Grafana; asks for the data sources that it names. */
export function ImportPage(): ReactNode {
  const [, navigate] = useLocation()
  const [text, setText] = useState('')
  const [opened, setOpened] = useState<OpenedDashboard | undefined>(undefined)
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const [folderUid, setFolder] = useState('')
  const [title, setTitle] = useState('')
  const [fault, setFault] = useState<{ text: string; canOverwrite: boolean } | undefined>(undefined)
  const sources =
    useQuery({ queryKey: ['data-sources'], queryFn: ({ signal }) => loadDataSources(signal) }).data ?? []
  const folders =
    useQuery({
      queryKey: ['folders'],
      queryFn: ({ signal }) => grafana<readonly Folder[]>('api/folders', { signal }),
      retry: false,
    }).data ?? []
  const read = (json: string): void => {
    setText(json)
    try {
      const next = openDashboardText(json)
      setOpened(next)
      setTitle(textOf(next.source['title']) ?? '')
      setFault(undefined)
    } catch (error) {
      setOpened(undefined)
      setFault(json.trim() === '' ? undefined : { text: (error as Error).message, canOverwrite: false })
    }
  }
  const inputs = opened === undefined ? [] : importInputs(opened.source)
  const save = (overwrite: boolean): void => {
    if (opened === undefined) return
    const filled = Object.fromEntries(
      inputs.map((input) => [
        input.name,
        values[input.name] ?? (input.type === 'constant' ? input.value : defaultSource(sources).uid),
      ]),
    )
    const dashboard = { ...without(fillInputs(opened.source, filled), 'id', 'version'), title }
    grafana<SaveAnswer>('api/dashboards/db', {
      method: 'POST',
      body: { dashboard, folderUid, message: 'Imported', overwrite },
    }).then(
      (answer) => navigate(answer.url),
      (error: Error) =>
        setFault({
          text: error.message,
          canOverwrite: error instanceof GrafanaError && error.status === 412,
        }),
    )
  }
  return (
    <>
      <div className="page-head">
        <h1>Import a dashboard</h1>
      </div>
      <form
        className="card card-body stack edit-options"
        onSubmit={(event) => {
          event.preventDefault()
          save(false)
        }}
      >
        <label>
          A file of Grafana
          <input
            type="file"
            accept=".json,application/json"
            onChange={(event) => void event.target.files?.[0]?.text().then(read)}
          />
        </label>
        <label>
          or its text
          <textarea
            className="code-field"
            style={{ minHeight: '10rem' }}
            spellCheck={false}
            value={text}
            onChange={(event) => read(event.target.value)}
          />
        </label>
        {opened === undefined ? null : (
          <>
            <label>
              Title
              <input
                className="field"
                required
                value={title}
                onChange={(event) => setTitle(event.target.value)}
              />
            </label>
            <label>
              Folder
              <select className="field" value={folderUid} onChange={(event) => setFolder(event.target.value)}>
                <option value="">General</option>
                {folders.map((folder) => (
                  <option key={folder.uid} value={folder.uid}>
                    {folder.title}
                  </option>
                ))}
              </select>
            </label>
            {inputs.map((input) => (
              <label key={input.name}>
                {input.label}
                {input.type === 'constant' ? (
                  <input
                    className="field"
                    value={values[input.name] ?? input.value}
                    onChange={(event) => setValues({ ...values, [input.name]: event.target.value })}
                  />
                ) : (
                  <select
                    className="field"
                    value={values[input.name] ?? defaultSource(sources).uid}
                    onChange={(event) => setValues({ ...values, [input.name]: event.target.value })}
                  >
                    {sources
                      .filter(({ type }) => !isPrometheus(input.pluginId) || isPrometheus(type))
                      .map((source) => (
                        <option key={source.uid} value={source.uid}>
                          {source.name}
                        </option>
                      ))}
                  </select>
                )}
              </label>
            ))}
          </>
        )}
        {fault === undefined ? null : (
          <p role="alert" className="notice bad">
            {fault.text}
          </p>
        )}
        <div className="row">
          <button className="button primary" disabled={opened === undefined}>
            Import
          </button>
          {fault?.canOverwrite === true ? (
            <button type="button" className="button" onClick={() => save(true)}>
              Overwrite
            </button>
          ) : null}
        </div>
      </form>
    </>
  )
}
